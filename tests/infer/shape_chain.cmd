protoc-c --encode=onnx.ModelProto --proto_path="$ROOT/grammar" onnx.proto <shape_chain.model >"$T/shape_chain.onnx"
"$NETC" compile "$T/shape_chain.onnx" --emit graph
