# Layers compute what PyTorch computes from the same parameters, which bind by their paths.
verify() {
    if "$NETC" verify torch/$1.net "$2" --weights-from torch/layers.npz --scale --rtol 1e-5 >"$T/out" 2>&1; then echo "ok $1"
    else echo "not ok $1: $(tail -n 1 "$T/out")"; fi
}
sets=
for name in conv deconv norm pool act move dense; do sets=$sets,$name=torch/$name.npy; done
verify layers "x=torch/input.npy:${sets#,}"
verify lrn x=torch/input.npy:lrn=torch/lrn.npy
verify adaptive x=torch/adaptive_input.npy:a=torch/adaptive_a.npy,b=torch/adaptive_b.npy,c=torch/adaptive_c.npy
