"""Where one machine is not enough: the same answers from many, through Ray.

``storage`` reads and writes wherever fsspec leads, ``listing`` is which images there are, ``parts``
the Parquet files that a run consists of, ``run_folder`` what lies beside them so that a run can go
on, ``node`` what a machine of the cluster does, ``careful`` what it does with images that ended a
process, ``ray_pool`` Ray itself, ``job`` the run.
"""
