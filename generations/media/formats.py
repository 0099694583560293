"""The formats in which results are kept, each with its content type and its file name extension, and their sizes."""

MAX_PIXELS = 7680 * 4320  # the largest picture takes 133 MB when decoded
# The longer side in pixels: for a card, and for a full page or a high-resolution screen.
THUMBNAIL = 640
PREVIEW = 1280
# For chat programs, which show a link with a JPEG of about this many pixels and leave out a heavy one.
CHAT = 1200
MAX_BYTES_OF_CHAT = 300_000

# Pictures, by Pillow's name of the format.
FORMATS = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
    "HEIF": "image/heic",
}
EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
    "image/heic": "heic",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
# Formats that only some browsers show. A page shows the preview, and the original can be downloaded.
RARELY_SHOWN = frozenset({"image/heic"})
