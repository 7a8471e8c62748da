"$NETC" compile parts.net --init 1 --threads 2 --target avx512 --emit program | grep -E '^kernel|for .*part|if part|zero [0-9]'
