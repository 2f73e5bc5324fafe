"""The web service: routes, accounts, events. One file per noun."""
