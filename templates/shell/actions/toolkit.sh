# toolkit_links HOST_COMPILER: wheels put CUDA below site-packages and leave out what linkers look
# for. Then "cuda" is CUDA's folder, bin/nvcc runs, and cuda.sh is for a shell to read.
toolkit_links() {
  local root library name
  for root in "$environment"/lib/python*/site-packages/nvidia/*/bin/nvcc; do :; done
  [[ -x $root ]]
  root=${root%/bin/nvcc}
  ln -sfn "${root#"$environment"/}" "$environment/cuda"
  ln -sfn lib "$root/lib64"
  for library in "$root"/lib/*.so.*; do
    name=${library##*/}
    [[ -e $root/lib/${name%%.so.*}.so ]] || ln -sf "$name" "$root/lib/${name%%.so.*}.so"
  done
  # A link would not do: nvcc looks for what belongs to it beside the name that it is called by.
  cat >"$environment/bin/nvcc" <<NVCC
#!/bin/sh
NVCC_CCBIN=\${NVCC_CCBIN:-$(printf '%q' "$1")}
export NVCC_CCBIN
exec "\$(dirname "\$(readlink -f "\$0")")/../cuda/bin/nvcc" "\$@"
NVCC
  cat >"$environment/cuda.sh" <<SHELL
# For bash and zsh to read: . $(printf '%q' "$environment/cuda.sh")
export CUDA_HOME=$(printf '%q' "$environment/cuda") NVCC_CCBIN=$(printf '%q' "$1")
export PATH=$(printf '%q' "$environment/bin:$environment/cuda/bin"):\$PATH
SHELL
  chmod 755 "$environment/bin/nvcc"
}
