"""The auditors' pages: the consent log in a browser, for those whom the owner lets in.

They are another face of what `consentkit log` does; what they show, count, export and change is made by the same
functions of `consentkit.log`. `AuditApp` (app.py) is an ASGI app to be mounted or served by `consentkit audit serve`.

A request is read (asked.py), somebody is recognised (guard, or tokens.py and session.py), a view answers with a
`Reply` (looking.py, counting.py, standing.py, handing.py, acting.py), and the app sends it with the headers that every
page has. Whoever looks at a record leaves an event in the log first; where that can't be written, nothing is shown.
"""

from consentkit.audit.app import AuditApp
from consentkit.audit.auditor import Auditor, Guard, Role

__all__ = ["AuditApp", "Auditor", "Guard", "Role"]
