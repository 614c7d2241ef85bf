"""Where a built program begins: the same as the command ``handful``, or a process that decodes."""

import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.freeze_support()
    # As engine.decoding.decoders.SWITCH, which is not imported: this process needs little else.
    if sys.argv[1:2] == ["--decode-images"]:
        from engine.decoding.child import main as decode_images

        decode_images(sys.argv[2])
    from app.__main__ import main

    sys.exit(main())
