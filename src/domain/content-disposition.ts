/** A Content-Disposition by which browsers save a file under this name. RFC 6266: an ASCII name for old
 * clients, and the true one. */
export const attachmentDisposition = (downloadName: string): string => {
  const ascii = downloadName.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(downloadName).replaceAll(
    // Not of RFC 8187's attr-char, though encodeURIComponent lets them stand.
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
