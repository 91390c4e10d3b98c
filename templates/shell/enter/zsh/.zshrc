# What 'dlsetup env shell' lets zsh read: the user's own settings first, which may move PATH.
ZDOTDIR="$DLSETUP_ZDOTDIR"
unset DLSETUP_ZDOTDIR
if [[ -r "$ZDOTDIR/.zshrc" ]]; then
  . "$ZDOTDIR/.zshrc"
fi
path=("$VIRTUAL_ENV/bin" $path)
PROMPT="($VIRTUAL_ENV_PROMPT) $PROMPT"
rehash
