/** The one set of icons: 16 px grid, 1.5 stroke, drawn in the colour of the text around them. */
import type { ReactNode } from "react";

const SHAPES = {
  alert: <path d="M8 2.6 14 13H2zM8 6.6v3M8 11.2v.1" />,
  again: <path d="M13 8a5 5 0 1 1-1.5-3.6L13.2 6M13.2 2.7V6H9.9" />,
  app: <path d="M3.2 3.2h4v4h-4zM8.8 3.2h4v4h-4zM3.2 8.8h4v4h-4zM10.8 8.8v4M8.8 10.8h4" />,
  back: <path d="M9.7 4 5.8 8l3.9 4" />,
  bars: (
    <>
      <rect className="f" x="2.5" y="9.5" width="2.6" height="4" rx=".8" />
      <rect x="6.7" y="6.5" width="2.6" height="7" rx=".8" strokeWidth="1" />
      <rect x="10.9" y="3" width="2.6" height="10.5" rx=".8" strokeWidth="1" />
    </>
  ),
  bars2: (
    <>
      <rect className="f" x="2.5" y="9.5" width="2.6" height="4" rx=".8" />
      <rect className="f" x="6.7" y="6.5" width="2.6" height="7" rx=".8" />
      <rect x="10.9" y="3" width="2.6" height="10.5" rx=".8" strokeWidth="1" />
    </>
  ),
  bars3: (
    <>
      <rect className="f" x="2.5" y="9.5" width="2.6" height="4" rx=".8" />
      <rect className="f" x="6.7" y="6.5" width="2.6" height="7" rx=".8" />
      <rect className="f" x="10.9" y="3" width="2.6" height="10.5" rx=".8" />
    </>
  ),
  calendar: (
    <>
      <rect x="2.5" y="3.5" width="11" height="10" rx="1.8" />
      <path d="M2.7 6.8h10.6M5.6 2.2v2.4M10.4 2.2v2.4" />
    </>
  ),
  chat: (
    <path d="M2.5 4.5a2 2 0 0 1 2-2h7a2 2 0 0 1 2 2v5a2 2 0 0 1-2 2H7.5L4.4 14v-2.5A1.9 1.9 0 0 1 2.5 9.6z" />
  ),
  check: <path d="m3.2 8.6 3 3 6.6-7.2" />,
  clock: (
    <>
      <circle cx="8" cy="8" r="5.75" />
      <path d="M8 4.8V8l2.2 1.4" />
    </>
  ),
  copy: (
    <>
      <rect x="5.8" y="5.8" width="7.7" height="7.7" rx="1.6" />
      <path d="M10.2 5.6V4.1a1.6 1.6 0 0 0-1.6-1.6H4.1a1.6 1.6 0 0 0-1.6 1.6v4.5a1.6 1.6 0 0 0 1.6 1.6h1.5" />
    </>
  ),
  cross: <path d="m4 4 8 8M12 4l-8 8" />,
  down: <path d="M4 6.2 8 10l4-3.8" />,
  file: <path d="M4.3 2.5h4.9l2.8 2.9v8.1H4.3zM9 2.7v3h2.8" />,
  forward: <path d="M6.3 4l3.9 4-3.9 4" />,
  heart: (
    <path
      className="f"
      d="M8 13.4S2.2 10 2.2 6.2a3.1 3.1 0 0 1 5.8-1.5 3.1 3.1 0 0 1 5.8 1.5C13.8 10 8 13.4 8 13.4z"
    />
  ),
  help: (
    <>
      <circle cx="8" cy="8" r="5.75" />
      <path d="M6.3 6.4c.2-1 .9-1.5 1.8-1.5 1 0 1.7.6 1.7 1.5 0 1.2-1.7 1.3-1.7 2.6M8 11v.1" />
    </>
  ),
  info: (
    <>
      <circle cx="8" cy="8" r="5.75" />
      <path d="M8 7.4v3.4M8 5.2v.1" />
    </>
  ),
  laptop: (
    <>
      <rect x="3" y="3.5" width="10" height="7" rx="1.2" />
      <path d="M1.5 12.9h13" />
    </>
  ),
  link: (
    <path d="M6.8 9.2 9.2 6.8M7.4 4.9l1.2-1.2a2.6 2.6 0 0 1 3.7 3.7l-1.2 1.2M8.6 11.1l-1.2 1.2a2.6 2.6 0 0 1-3.7-3.7l1.2-1.2" />
  ),
  lock: (
    <>
      <rect x="3.3" y="7" width="9.4" height="6.5" rx="1.6" />
      <path d="M5.4 7V5.2a2.6 2.6 0 0 1 5.2 0V7" />
    </>
  ),
  more: (
    <>
      <circle className="f" cx="3.5" cy="8" r="1.2" />
      <circle className="f" cx="8" cy="8" r="1.2" />
      <circle className="f" cx="12.5" cy="8" r="1.2" />
    </>
  ),
  offline: (
    <path d="m2.3 2.3 11.4 11.4M4.6 9a5 5 0 0 1 2.3-1.3M2.2 6.5a8.4 8.4 0 0 1 2.6-1.6M7.6 4a8.4 8.4 0 0 1 6.2 2.5M10.4 8.2l1 .8M8 12v.1" />
  ),
  panel: (
    <>
      <rect x="2.5" y="3" width="11" height="10" rx="1.8" />
      <path d="M9.8 3v10" />
    </>
  ),
  pen: (
    <path d="m3 13 .8-3.3 6.7-6.7a1.45 1.45 0 0 1 2 0l.5.5a1.45 1.45 0 0 1 0 2L6.3 12.2zM9.3 4.2l2.5 2.5" />
  ),
  person: (
    <>
      <circle cx="8" cy="5.4" r="2.6" />
      <path d="M2.9 13.2c.5-2.6 2.5-4 5.1-4s4.6 1.4 5.1 4" />
    </>
  ),
  photo: (
    <>
      <rect x="2.5" y="3" width="11" height="10" rx="1.8" />
      <circle cx="5.9" cy="6.3" r="1" />
      <path d="m3 11.6 3-2.6 2.1 1.7 2.3-2.5 2.9 3" />
    </>
  ),
  pin: (
    <>
      <path d="M8 13.6S3.6 9.9 3.6 6.7a4.4 4.4 0 0 1 8.8 0c0 3.2-4.4 6.9-4.4 6.9z" />
      <circle cx="8" cy="6.7" r="1.5" />
    </>
  ),
  reply: <path d="M6.3 4.2 2.8 7.6l3.5 3.5M3 7.6h6.3a3.8 3.8 0 0 1 3.8 3.8v.6" />,
  search: (
    <>
      <circle cx="7" cy="7" r="4.25" />
      <path d="m10.2 10.2 3.3 3.3" />
    </>
  ),
  settings: (
    <>
      <path d="M2.5 5h5.6M11.4 5h2.1M2.5 11h2.1M7.9 11h5.6" />
      <circle cx="9.75" cy="5" r="1.65" />
      <circle cx="6.25" cy="11" r="1.65" />
    </>
  ),
  sound: <path d="M3 6.6v2.8M5.5 4.6v6.8M8 2.8v10.4M10.5 4.6v6.8M13 6.6v2.8" />,
  sticker: (
    <>
      <path d="M13.5 8.6V4.5a2 2 0 0 0-2-2h-7a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h4.1z" />
      <path d="M8.6 13.5v-2.9a2 2 0 0 1 2-2h2.9" />
    </>
  ),
  stop: <rect className="f" x="4" y="4" width="8" height="8" rx="1.6" />,
  theme: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path className="f" d="M8 2.5a5.5 5.5 0 0 1 0 11z" />
    </>
  ),
  thumb: (
    <path d="M5.2 7.2v6H3v-6zM5.2 7.2l2.3-4.5c1 0 1.6.8 1.4 1.8l-.4 2h3.2c.9 0 1.5.8 1.3 1.7l-.9 3.8c-.2.7-.7 1.2-1.4 1.2H5.2" />
  ),
  thumbDown: (
    <path d="M5.2 8.8v-6H3v6zM5.2 8.8l2.3 4.5c1 0 1.6-.8 1.4-1.8l-.4-2h3.2c.9 0 1.5-.8 1.3-1.7L12.1 4c-.2-.7-.7-1.2-1.4-1.2H5.2" />
  ),
  trash: <path d="M3 4.6h10M6 4.5V2.9h4v1.6M4.3 4.7l.6 8.8h6.2l.6-8.8" />,
  undo: <path d="M3 3v4h4M3.4 6.8A5 5 0 1 1 3.6 10" />,
  video: (
    <path d="M2.5 5a1.5 1.5 0 0 1 1.5-1.5h4.8A1.5 1.5 0 0 1 10.3 5v6a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 11zM10.3 7.2l3.2-2v5.600l-3.2-2" />
  ),
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof SHAPES;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="ic" viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[name]}
    </svg>
  );
}
