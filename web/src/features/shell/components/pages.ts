/** The pages one can go to. */
import type { IconName } from "@/components/ui/Icon";

export const PAGES = [
  { to: "/conversations", name: "Conversations", icon: "chat" },
  { to: "/devices", name: "Devices", icon: "laptop" },
  { to: "/settings", name: "Settings", icon: "settings" },
] as const satisfies readonly { to: string; name: string; icon: IconName }[];
