"""The lane's trust on its disk: the site's own file, the signed bundle, and who may sign that."""
