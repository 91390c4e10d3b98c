"""Start JupyterLab; the token comes from a file, so that no command line and no log ever shows it.

Run by the Python of an environment, whichever that is: ``serve.py TOKEN_FILE WORD...``.
"""

import sys


def main(token_file, *words):
    """Take this process's place; what is said here wins over every configuration file."""
    from jupyterlab.labapp import LabApp

    try:
        import jupyter_server.auth.identity  # noqa: F401 - is it there?
    except ImportError:
        owner = "ServerApp"
    else:
        owner = "IdentityProvider"
    with open(token_file) as stream:
        token = stream.read()
    if not token:
        sys.exit("There is no token in " + token_file)
    LabApp.launch_instance([*words, "--" + owner + ".token=" + token])


try:
    main(*sys.argv[1:])
except KeyboardInterrupt:  # before the server itself listens to it
    sys.exit(130)
