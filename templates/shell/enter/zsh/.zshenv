# zsh looks here for all its settings; the user's own stand elsewhere.
if [[ -r "$DLSETUP_ZDOTDIR/.zshenv" ]]; then
  . "$DLSETUP_ZDOTDIR/.zshenv"
fi
