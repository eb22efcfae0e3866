"""The self-test: does every device of this lane do its work, measured and held against limits.

The engine (`engine`) runs steps (`plan`, `steps`) on a lane (`bench`) and tells of its progress;
what comes out is a `report`. It knows neither a terminal nor a broker nor a page: those take the
progress, and each shows it in its own way.

That *stop* works is proven before anything moves, on the output that moves least. From then on
an output is switched on through a `permit` alone, which looks at the lane's sensors each time and
is taken back when the step ends, however it ends.
"""
