sh lib/play malformed.session
