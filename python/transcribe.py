"""Turns English speech into words with times, on this machine and without a key.

    transcribe.py SPEECH RESULT

SPEECH is 16-bit little-endian mono at 16 kHz without a header. RESULT becomes a JSON object,
{"segments": [[start, end, text], ...], "words": [[start, end, text], ...]}, in seconds; it appears
only when it is complete. How far the work is goes to file descriptor 3 if there is one, in the form of
ffmpeg's -progress. Takes the same memory for a minute and for a day: the recording is read frame by
frame, and each stretch of speech is decoded by itself.
"""

import os
import re
import sys

from pocketsphinx import Decoder, Endpointer, Vad

# Started in isolation, Python does not look beside the program.
sys.path.append(os.path.dirname(os.path.abspath(__file__)))

from child import Progress, limit_memory, write_result

SAMPLE_RATE_HZ = 16_000
BYTES_PER_SECOND = 2 * SAMPLE_RATE_HZ
FRAMES_PER_SECOND = 100
# Speech without a pause is cut here; the decoder's tables grow with the length of an utterance.
UTTERANCE_SECONDS_MAX = 20
# What the model takes for a longer word is noise or music.
WORD_SECONDS_MAX = 2
# Sounds at once under consideration, a tenth of what the engine allows itself. Clear speech has no more
# of them; in music all sounds are as likely, and weighing them took twice the time and found no word.
HYPOTHESES_MAX = 3_000
# The model and the tables of one utterance take a quarter of this.
MEMORY_BYTES_MAX = 2 << 30


def main(speech_path, result_path):
    limit_memory(MEMORY_BYTES_MAX)
    segments = list(transcribe(speech_path, Progress()))
    words = [word for _, segment in segments for word in segment]
    result = {
        "segments": [[s[0][0], s[-1][1], " ".join(w[2] for w in s)] for _, s in segments],
        "words": words,
    }
    write_result(result_path, result)


def transcribe(speech_path, progress):
    """Yields each utterance that has words as (start, words)."""
    decoder = Decoder(samprate=SAMPLE_RATE_HZ, maxhmmpf=HYPOTHESES_MAX, loglevel="FATAL")
    # A stretch of speech ends with three tenths of a second without any.
    endpointer = Endpointer(
        window=0.3, ratio=0.9, vad_mode=Vad.MEDIUM_LOOSE, sample_rate=SAMPLE_RATE_HZ
    )
    utterance = None
    with open(speech_path, "rb") as speech:
        while frame := speech.read(endpointer.frame_bytes):
            is_last = len(frame) < endpointer.frame_bytes
            heard = endpointer.end_stream(frame) if is_last else endpointer.process(frame)
            if heard:
                utterance = utterance or Utterance(decoder, endpointer.speech_start)
                utterance.hear(heard)
            is_over = not endpointer.in_speech
            is_due = utterance and (is_over or utterance.seconds >= UTTERANCE_SECONDS_MAX)
            if is_due:
                words = utterance.end()
                if words:
                    yield utterance.start, words
                end = utterance.start + utterance.seconds
                utterance = None if is_over else Utterance(decoder, end)
            if is_due or not utterance:
                progress.tell(speech.tell() / BYTES_PER_SECOND)
    if utterance:
        words = utterance.end()
        if words:
            yield utterance.start, words


class Utterance:
    """A stretch of speech, which is decoded when it is over: the engine adapts itself to the sound of a
    recording, and to the whole of it at once much better than while it is listening."""

    def __init__(self, decoder, start):
        self.decoder = decoder
        self.start = start
        self.samples = bytearray()

    @property
    def seconds(self):
        return len(self.samples) / BYTES_PER_SECOND

    def hear(self, samples):
        self.samples += samples

    def end(self):
        """The words as [start, end, text], without what the model has for silence and noise."""
        self.decoder.start_utt()
        self.decoder.process_raw(bytes(self.samples), no_search=False, full_utt=True)
        self.decoder.end_utt()
        words = []
        for segment in self.decoder.seg() or []:
            if re.match(r"[<\[+]", segment.word):
                continue
            start = self.start + segment.start_frame / FRAMES_PER_SECOND
            end = self.start + (segment.end_frame + 1) / FRAMES_PER_SECOND
            if end - start <= WORD_SECONDS_MAX:
                # "hello(2)" is the second way to pronounce it.
                text = re.sub(r"\(\d+\)$", "", segment.word)
                words.append([round(start, 3), round(end, 3), text])
        return words


if __name__ == "__main__":
    main(*sys.argv[1:])
