/** What a task made, as it is stored; URLs are signed when they are asked for. */
export interface TaskOutput {
  /** The file that a player or a reader opens: of several the first. */
  readonly storageKey: string
  readonly contentType: string
  /** Of all files together. */
  readonly sizeBytes: number
  /** Null for what has no length. */
  readonly durationSeconds: number | null
  /** Null for what is not seen. */
  readonly widthPx: number | null
  readonly heightPx: number | null
  /** The other files, of which there are few. */
  readonly files?: readonly TaskOutputFile[]
  /** Where many files lie that name each other by relative names: a packaged stream. */
  readonly folderKey?: string
}

export interface TaskOutputFile {
  readonly name: string
  readonly storageKey: string
  readonly contentType: string
}

/** What the output is for its reader, by the first half of its content type. */
export const outputKindOf = (contentType: string): 'video' | 'audio' | 'image' | 'text' => {
  if (/mpegurl|dash\+xml/i.test(contentType)) return 'video'
  const [family] = contentType.split('/')
  return family === 'video' || family === 'audio' || family === 'image' ? family : 'text'
}
