/** One server-sent event. */
export interface SeenEvent {
  readonly id: string
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

const parse = (block: string): SeenEvent | null => {
  const field = (name: string): string =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2) ?? ''
  // Comments keep the connection open and say nothing.
  if (field('data') === '') return null
  const data = JSON.parse(field('data')) as SeenEvent['data']
  return { id: field('id'), event: field('event'), data }
}

/** Reads a stream to its end, or hangs up after so many events. */
export const readEvents = async (response: Response, countMax = Infinity): Promise<SeenEvent[]> => {
  const events: SeenEvent[] = []
  let text = ''
  if (response.body === null) return events
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = parse(block)
      if (event !== null) events.push(event)
      // Leaving the loop cancels the stream.
      if (events.length >= countMax) return events
    }
  }
  return events
}
