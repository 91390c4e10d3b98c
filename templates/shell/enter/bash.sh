# What 'dlsetup env shell' lets bash read: the user's own settings first, which may move PATH.
# shellcheck shell=bash
if [ -r ~/.bashrc ]; then
  . ~/.bashrc
fi
PATH="$VIRTUAL_ENV/bin:$PATH"
PS1="($VIRTUAL_ENV_PROMPT) ${PS1-}"
hash -r
