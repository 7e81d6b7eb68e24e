"""Ask the living thing whether it is what was meant.

What is expected is computed from the settings: the recorded graph of the program, and the judge's own facts. What is
seen comes from outside. Nothing is changed anywhere.

`azure` is what is asked, `resource_manager` asks it, `inside` asks clusters by scripts on their nodes. `expected` and
`evidence` are the two sides, `look` shows a check its place, `checks` is the table of checks. Another source gets a
module of questions like `inside`, a part of `Evidence`, and checks that read it.
"""
