/** Whether a file begins like VTT or SRT. What it then is, only reading it tells. */
export const seemsSubtitles = (head: string): boolean =>
  /^\uFEFF?WEBVTT(?:\s|$)/.test(head) || /\d{1,2}:\d{2}[.,]\d{1,3}[ \t]*-->[ \t]*\d/.test(head)
