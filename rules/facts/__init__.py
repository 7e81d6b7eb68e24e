"""What the judge knows of Azure, Arc, AIO and K3s, from primary sources and by itself.

The program has its own tables in `settings/`. Nothing here is taken from them, and nothing here imports anything of
ours: a fact that the program has wrong is found because it is not wrong in both places. Each row says where it was
read, at which place, and when. What no primary source gave says so.
"""
