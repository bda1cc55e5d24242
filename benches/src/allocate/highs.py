"""Solves linear programs, one JSON object a line, with HiGHS; the answer is another, with the seconds it took."""

import json
import sys
import time

import highspy
import numpy

print(json.dumps({"version": highspy.Highs().version()}), flush=True)
for line in sys.stdin:
    told = json.loads(line)
    bounds = numpy.array(told["bounds"])
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(told["cost"]), len(bounds)
    lp.col_cost_ = numpy.array(told["cost"])
    # Whatever bounds a variable is a row, as for the other solver.
    lp.col_lower_ = numpy.full(lp.num_col_, -highspy.kHighsInf)
    lp.col_upper_ = numpy.full(lp.num_col_, highspy.kHighsInf)
    lower = numpy.full(lp.num_row_, -highspy.kHighsInf)
    lower[0] = bounds[0]
    lp.row_lower_, lp.row_upper_ = lower, bounds
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = numpy.array(told["starts"], dtype=numpy.int32)
    lp.a_matrix_.index_ = numpy.array(told["columns"], dtype=numpy.int32)
    lp.a_matrix_.value_ = numpy.array(told["factors"])
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    begun = time.perf_counter()
    solver.passModel(lp)
    solver.run()
    seconds = time.perf_counter() - begun
    status = solver.modelStatusToString(solver.getModelStatus())
    print(json.dumps({"seconds": seconds, "status": status, "x": list(solver.getSolution().col_value)}), flush=True)
