/** What is known of a medium. */
interface Tracks {
  readonly durationSeconds: number | null
  readonly streams: readonly { readonly kind: string; readonly durationSeconds?: number }[]
}

/**
 * Up to where clips can be cut from a medium: there are no pictures for what is heard after their end.
 * Where the file says nothing of its pictures, they are as long as it is, or it would not have been taken in.
 */
export const picturesSeconds = ({ durationSeconds, streams }: Tracks): number => {
  const ownSeconds = streams.find(({ kind }) => kind === 'video')?.durationSeconds
  return Math.min(durationSeconds ?? 0, ownSeconds || Infinity)
}
