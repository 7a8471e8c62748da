# Slashes part the names of exported networks; conv1/Conv alone is conv1.
"$NETC" summary onnx_paths.net
