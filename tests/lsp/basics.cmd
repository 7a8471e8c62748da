sh lib/play basics.session
