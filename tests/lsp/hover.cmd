sh lib/play hover.session
