"""Finds faces in pictures of a video, on this machine and without a key.

    face_detector.py WIDTH HEIGHT RESULT

Standard input brings pictures of WIDTH by HEIGHT pixels, three bytes (red, green, blue) each, one after
the other.
RESULT becomes a JSON object, {"pictures": [[[x, y, width, height, score, mouth], ...], ...]}: for each
picture its faces, in parts of the picture's width and height. `mouth` is what the place of the mouth
looks like: MOUTH_COLUMNS times MOUTH_ROWS levels from 0 to 1, from which whoever follows a face can tell
whether it speaks. The file appears only when it is complete. How far the work is goes to file
descriptor 3 if there is one, in the form of ffmpeg's -progress, a picture a second.
"""

import importlib.util
import os
import sys
import types


def spare_package(name):
    """Lets parts of a package be imported without the package itself, which loads all that it has."""
    package = types.ModuleType(name)
    package.__path__ = importlib.util.find_spec(name).submodule_search_locations
    sys.modules[name] = package


# The models of hands and poses and what draws them take as long to load as all that is used here, and
# want cameras and microphones.
for name in ("mediapipe", "mediapipe.python", "mediapipe.python.solutions"):
    spare_package(name)

import numpy as np
# Without its type, the option by which a face is found once and not three times is left out in silence.
import mediapipe.calculators.util.non_max_suppression_calculator_pb2
from mediapipe.python.solutions.face_detection import FaceDetection

# Started in isolation, Python does not look beside the program.
sys.path.append(os.path.dirname(os.path.abspath(__file__)))

from child import Progress, limit_memory, write_result

# The model for faces as far as five metres away; the other one is for selfies.
FULL_RANGE = 1
SCORE_MIN = 0.5
# Of the model's six points of a face.
MOUTH_POINT = 3
# The mouth's place, in parts of the face's width and height.
MOUTH_WIDTH, MOUTH_HEIGHT = 0.5, 0.3
MOUTH_COLUMNS, MOUTH_ROWS = 8, 6
# The model and its runtime take a third of this.
MEMORY_BYTES_MAX = 4 << 30


def main(width, height, result_path):
    limit_memory(MEMORY_BYTES_MAX)
    size = int(width), int(height)
    pictures = list(find_faces(sys.stdin.buffer, size, Progress()))
    write_result(result_path, {"pictures": pictures})


def find_faces(frames, size, progress):
    """Yields the faces of each picture; in `progress` a picture is a second."""
    done = 0
    width, height = size
    picture_bytes = width * height * 3
    with FaceDetection(model_selection=FULL_RANGE, min_detection_confidence=SCORE_MIN) as detector:
        while len(data := frames.read(picture_bytes)) == picture_bytes:
            picture = np.frombuffer(data, np.uint8).reshape(height, width, 3)
            found = detector.process(picture).detections or []
            yield [face_of(detection, picture) for detection in found]
            done += 1
            progress.tell(done)


def face_of(detection, picture):
    location = detection.location_data
    box = location.relative_bounding_box
    mouth = location.relative_keypoints[MOUTH_POINT]
    numbers = (box.xmin, box.ymin, box.width, box.height, detection.score[0])
    return [round(float(number), 4) for number in numbers] + [mouth_of(mouth, box, picture)]


def mouth_of(mouth, box, picture):
    """The levels of the mouth's place, row by row; beyond the picture its edge goes on."""
    height, width, _ = picture.shape

    def places(center, extent, count, end):
        steps = (np.arange(count * 3) + 0.5) / (count * 3) - 0.5
        return np.clip(((center + steps * extent) * end).astype(int), 0, end - 1)

    columns = places(mouth.x, MOUTH_WIDTH * box.width, MOUTH_COLUMNS, width)
    rows = places(mouth.y, MOUTH_HEIGHT * box.height, MOUTH_ROWS, height)
    levels = picture[np.ix_(rows, columns)].mean(axis=2) / 255
    cells = levels.reshape(MOUTH_ROWS, 3, MOUTH_COLUMNS, 3).mean(axis=(1, 3))
    return [round(float(level), 3) for level in cells.flatten()]


if __name__ == "__main__":
    main(*sys.argv[1:])
