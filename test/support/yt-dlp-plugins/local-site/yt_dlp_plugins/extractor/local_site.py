"""The video site of the tests: http://HOST/watch/ID, described by http://HOST/api/ID."""

from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import ExtractorError


class LocalSiteIE(InfoExtractor):
    _VALID_URL = r"(?P<site>http://[^/]+)/watch/(?P<id>[\w-]+)"

    def _real_extract(self, url):
        site, video_id = self._match_valid_url(url).group("site", "id")
        about = self._download_json(f"{site}/api/{video_id}", video_id)
        if "error" in about:
            raise ExtractorError(about["error"], expected=True)
        return {"id": video_id, **about}
