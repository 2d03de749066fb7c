"""Fetches a video from a page of a video site.

    download_video.py ORDER RESULT

ORDER is a JSON file: {"url", "proxy", "folder", "durationSecondsMax", "sizeBytesMax", "heightMax",
"ffmpegPath", "nodePath", "pluginFolder"}; everything is fetched through the proxy, which decides what may be
reached. RESULT becomes a JSON object: {"status": "downloaded", "path", "title", "durationSeconds"}, or
{"status": one of REFUSALS, "detail"}; what is too long, too large, live, or a list is refused before any of
it is fetched. It appears only when it is complete. How far the work is goes to file descriptor 3 if there
is one, in the form of ffmpeg's -progress, a thousandth of the file a second.
"""

import errno
import json
import os
import sys

import yt_dlp
import yt_dlp.globals
import yt_dlp.plugins
from yt_dlp.utils import (
    DownloadError,
    ExistingVideoReached,
    ExtractorError,
    GeoRestrictedError,
    MaxDownloadsReached,
    UnsupportedError,
    UserNotLive,
)

# Started in isolation, Python does not look beside the program.
sys.path.append(os.path.dirname(os.path.abspath(__file__)))

from child import Progress, write_result

REFUSALS = (
    "unsupported",
    "unavailable",
    "live",
    "list",
    "noVideo",
    "tooLong",
    "tooLarge",
    "diskFull",
    "failed",
)
# Answers that will be the same tomorrow: the page, or the video on it, was deleted.
GONE = (404, 410, 451)
SOCKET_TIMEOUT_SECONDS = 20
RETRIES = 2


class Refused(Exception):
    """Tells why a video is not fetched."""

    def __init__(self, status, detail):
        super().__init__(detail)
        self.status = status


def main(order_path, result_path):
    with open(order_path, encoding="utf-8") as file:
        order = json.load(file)
    try:
        result = {"status": "downloaded", **download(order)}
    except Refused as refusal:
        result = {"status": refusal.status, "detail": str(refusal)}
    write_result(result_path, result)


def download(order):
    load_plugins(order["pluginFolder"])
    with yt_dlp.YoutubeDL(options_of(order, Progress())) as youtube_dl:
        try:
            # Not processed yet: of a list nothing but its name is fetched.
            found = youtube_dl.extract_info(order["url"], download=False, process=False)
            found = follow(youtube_dl, found)
            judge(found, order)
            chosen = youtube_dl.process_ie_result(dict(found), download=False)
            judge(chosen, order)
            done = youtube_dl.process_ie_result(dict(found), download=True)
        except (DownloadError, ExtractorError) as error:
            raise refusal_of(error) from error
        except (MaxDownloadsReached, ExistingVideoReached) as error:
            raise Refused("failed", str(error)) from error
    files = [file.get("filepath") for file in done.get("requested_downloads") or []]
    if len(files) != 1 or not files[0] or not os.path.isfile(files[0]):
        # Larger than it said: the downloader leaves it out without a word.
        raise Refused("tooLarge", "no file came of it")
    return {
        "path": files[0],
        "title": str(done.get("title") or ""),
        "durationSeconds": done.get("duration"),
    }


def options_of(order, progress):
    return {
        "proxy": order["proxy"],
        "paths": {"home": order["folder"]},
        # A name of our own: what a page says never becomes part of a path.
        "outtmpl": {"default": "video.%(ext)s"},
        "restrictfilenames": True,
        "allow_unplayable_formats": False,
        "noplaylist": True,
        "format": "bv*[height<={0}]+ba/b[height<={0}]/bv*+ba/b".format(order["heightMax"]),
        "merge_output_format": "mp4/mkv",
        "max_filesize": order["sizeBytesMax"],
        "ffmpeg_location": order["ffmpegPath"],
        "js_runtimes": {"node": {"path": order["nodePath"]}},
        # Programs of others would not go through the proxy.
        "external_downloader": {"default": "native"},
        "hls_prefer_native": True,
        "enable_file_urls": False,
        "cachedir": False,
        "usenetrc": False,
        "socket_timeout": SOCKET_TIMEOUT_SECONDS,
        "retries": RETRIES,
        "fragment_retries": RETRIES,
        "extractor_retries": RETRIES,
        "skip_unavailable_fragments": False,
        "allowed_extractors": ["default", "-generic"],
        "progress_hooks": [lambda news: watch(progress, news, order["sizeBytesMax"])],
        "noprogress": True,
        "quiet": True,
        "no_warnings": True,
        "logger": Silence(),
        "color": "no_color",
    }


def follow(youtube_dl, found):
    """A short address may lead to the page of a video; nothing else is followed."""
    for _ in range(3):
        if found.get("_type") not in ("url", "url_transparent"):
            return found
        found = youtube_dl.extract_info(
            found["url"], ie_key=found.get("ie_key"), download=False, process=False
        )
    raise Refused("unsupported", "the page leads on and on")


def judge(found, order):
    if found.get("_type", "video") != "video":
        raise Refused("list", "there is more than one video")
    if found.get("is_live") or found.get("live_status") in ("is_live", "is_upcoming", "post_live"):
        raise Refused("live", "it is a live stream")
    duration = found.get("duration")
    if duration and duration > order["durationSecondsMax"]:
        raise Refused("tooLong", f"it is {duration} s long")
    parts = found.get("requested_formats") or [found]
    if all(part.get("vcodec") == "none" for part in parts):
        raise Refused("noVideo", "there are no pictures")
    size = sum(part.get("filesize") or part.get("filesize_approx") or 0 for part in parts)
    if size > order["sizeBytesMax"]:
        raise Refused("tooLarge", f"it has {size} bytes")


def refusal_of(error):
    # A failure of yt-dlp's own comes from nothing else.
    cause = (getattr(error, "exc_info", None) or (None, None))[1] or error
    text = str(error)
    if isinstance(cause, UnsupportedError) or "Unsupported URL" in text or "No suitable extractor" in text:
        return Refused("unsupported", text)
    if isinstance(cause, UserNotLive):
        return Refused("live", text)
    if is_disk_full(cause, text):
        return Refused("diskFull", text)
    if getattr(cause_of(cause), "status", None) in GONE:
        return Refused("unavailable", text)
    if isinstance(cause, GeoRestrictedError) or (isinstance(cause, ExtractorError) and cause.expected):
        return Refused("unavailable", text)
    return Refused("failed", text)


def cause_of(error):
    """What an extractor's failure comes from; the failures of others come from themselves."""
    return getattr(error, "cause", None) or error


def is_disk_full(error, text):
    # The downloader tells of what it cannot write in words only.
    return getattr(cause_of(error), "errno", None) == errno.ENOSPC or os.strerror(errno.ENOSPC) in text


def load_plugins(folder):
    """Plugins of this folder, if any, and none that somebody has put beside Python or yt-dlp."""
    yt_dlp.globals.plugin_dirs.value = [folder] if folder else []
    yt_dlp.plugins.load_all_plugins()


def watch(progress, news, size_bytes_max):
    """A thousandth of a file is a second; a video may come as two files, pictures and sound. What has
    no size beforehand, or comes in fragments, is judged as it grows."""
    if (news.get("downloaded_bytes") or 0) > size_bytes_max:
        raise Refused("tooLarge", "it is larger than it said")
    total = news.get("total_bytes") or news.get("total_bytes_estimate")
    if total:
        progress.tell(1000 * (news.get("downloaded_bytes") or 0) / total)


class Silence:
    """Failures come as exceptions, and everything else is nobody's business."""

    def debug(self, message):
        pass

    info = warning = error = debug


if __name__ == "__main__":
    main(*sys.argv[1:])
