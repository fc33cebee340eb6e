"""The workbench: pages for officials, supervisors and auditors, and the public register.

    matter ──▶ request, inspected ──▶ draft ──▶ checks ──▶ judgement ──▶ countersign ──▶ release

Server-rendered; every form works without JavaScript, and what scripts there are only make it
quicker. Shells: they read, call, write; what may be done says `review`, what may be sent the
gateway, through whose own door every request of the workbench goes.
"""
