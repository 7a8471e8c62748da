sh lib/play imports.session
