"""What stands between the network and the routes: one file per concern, put in order by `wall.py`."""
