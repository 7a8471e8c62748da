" Vim syntax file for the .net language of netc. Written by editors/generate: change that.
if exists("b:current_syntax")
  finish
endif

syntax case match
syntax keyword netcKeyword and as assert block const else graph if import net not opset or param repeat return then weights where
syntax keyword netcType bf16 bool c128 c64 f16 f32 f4e2m1 f64 f8e4m3fn f8e4m3fnuz f8e5m2 f8e5m2fnuz f8e8m0 float i16 i2 i32 i4 i64 i8 int list string tensor u16 u2 u32 u4 u64 u8
syntax keyword netcConstant false inf nan true
syntax match netcLayer /\%(|>\s*\)\@<=\<\%(abs\|adaptive_avgpool\|adaptive_maxpool\|argmax\|avgpool\|batchnorm\|celu\|channel_shuffle\|clip\|concat\|conv\|conv_transpose\|dropout\|elu\|embedding\|erf\|exp\|flatten\|gelu\|global_avgpool\|global_maxpool\|groupnorm\|hardsigmoid\|hardswish\|identity\|instancenorm\|l2pool\|layernorm\|leaky_relu\|linear\|log\|log_softmax\|lppool\|lrn\|matmul\|max\|maxpool\|mean\|min\|mish\|pad\|pixel_shuffle\|prelu\|relu\|relu6\|reshape\|rmsnorm\|selu\|sigmoid\|silu\|slice\|softmax\|softplus\|softsign\|split\|sqrt\|squeeze\|sum\|swish\|tanh\|threshold\|transpose\|unsqueeze\|upsample\)\>/
syntax match netcLayer /\<\%(abs\|adaptive_avgpool\|adaptive_maxpool\|argmax\|avgpool\|batchnorm\|celu\|channel_shuffle\|clip\|concat\|conv\|conv_transpose\|dropout\|elu\|embedding\|erf\|exp\|flatten\|gelu\|global_avgpool\|global_maxpool\|groupnorm\|hardsigmoid\|hardswish\|identity\|instancenorm\|l2pool\|layernorm\|leaky_relu\|linear\|log\|log_softmax\|lppool\|lrn\|matmul\|max\|maxpool\|mean\|min\|mish\|pad\|pixel_shuffle\|prelu\|relu\|relu6\|reshape\|rmsnorm\|selu\|sigmoid\|silu\|slice\|softmax\|softplus\|softsign\|split\|sqrt\|squeeze\|sum\|swish\|tanh\|threshold\|transpose\|unsqueeze\|upsample\)\>\ze\s*(/
syntax match netcFunction /\<\%(append\|channels\|dim\|elements\|field\|float\|int\|len\|macs\|output_bytes\|params\|pow\|rank\|shape\|type\|weight_bytes\)\>\ze\s*(/
syntax match netcOperator /\<\u\w*\>\ze\s*\%(@\s*\d\+\s*\)\?(/
syntax match netcNumber /\<\%(0[xX]\x\+\%(\.\x*\)\?\%([pP][+-]\?\d\+\)\?\|\d[0-9_]*\%(\.\d[0-9_]*\)\?\%([eE][+-]\?\d\+\)\?\)\>/
syntax match netcPipe /|>/
syntax region netcString start=/"/ skip=/\\./ end=/"/ oneline
syntax region netcQuotedName start=/`/ skip=/\\./ end=/`/ oneline
syntax match netcComment /#.*$/ contains=@Spell

highlight default link netcKeyword Keyword
highlight default link netcType Type
highlight default link netcConstant Constant
highlight default link netcLayer Function
highlight default link netcFunction Special
highlight default link netcOperator Identifier
highlight default link netcNumber Number
highlight default link netcPipe Operator
highlight default link netcString String
highlight default link netcQuotedName Identifier
highlight default link netcComment Comment

let b:current_syntax = "netc"
