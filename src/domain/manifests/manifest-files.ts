import { STREAM_DESCRIPTION_NAME } from '../stream-description.ts'
import type { StreamDescription } from '../stream-description.ts'
import { dashManifest } from './dash.ts'
import {
  captionPlaylistName,
  hlsCaptionPlaylist,
  hlsMaster,
  hlsMediaPlaylist,
  playlistName,
} from './hls.ts'

export const HLS_MASTER_NAME = 'master.m3u8'
export const DASH_MANIFEST_NAME = 'manifest.mpd'

/** A small text file of a stream, by its name in the stream's folder. */
export interface ManifestFile {
  readonly name: string
  readonly contentType: string
  readonly text: string
}

const HLS = 'application/vnd.apple.mpegurl'

/**
 * All that is written of a description, in the order in which it should be published: what refers to
 * others comes after them, the description itself last.
 */
export const manifestFiles = (stream: StreamDescription): ManifestFile[] => [
  ...[...stream.video, ...stream.audio].map((track) => ({
    name: playlistName(track.name),
    contentType: HLS,
    text: hlsMediaPlaylist(track),
  })),
  ...stream.captions.map((track) => ({
    name: captionPlaylistName(track.language),
    contentType: HLS,
    text: hlsCaptionPlaylist(track, stream.durationSeconds),
  })),
  { name: DASH_MANIFEST_NAME, contentType: 'application/dash+xml', text: dashManifest(stream) },
  { name: HLS_MASTER_NAME, contentType: HLS, text: hlsMaster(stream) },
  {
    name: STREAM_DESCRIPTION_NAME,
    contentType: 'application/json',
    text: JSON.stringify(stream),
  },
]

const TYPES: Readonly<Record<string, string>> = {
  m3u8: HLS,
  mpd: 'application/dash+xml',
  mp4: 'video/mp4',
  m4s: 'video/iso.segment',
  vtt: 'text/vtt',
  json: 'application/json',
}

/** The content type of a file of a stream, by the ending of its name. */
export const streamContentType = (name: string): string =>
  TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
