sh lib/play diagnostics.session
