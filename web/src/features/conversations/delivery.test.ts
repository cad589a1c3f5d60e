import { expect, test } from "vitest";
import type { Message } from "@/lib/api/types";
import { deliveryOf } from "./delivery";

const sentAt = "2025-06-13T13:58:00Z";
const readAt = "2025-06-13T14:02:00Z";
const year = new Date().getFullYear();

test.each<[Message, string | undefined]>([
  [{ isRead: true, readAt }, "Read 14:02"],
  [{ isRead: true, readAt: "2025-06-14T09:10:00Z" }, "Read 14 June, 09:10"],
  [{ isRead: true, readAt: "2026-01-01T09:10:00Z" }, "Read 1 January 2026, 09:10"],
  [{ isRead: true }, "Read"],
  [{ isDelivered: true }, "Delivered"],
  [{ deliveredAt: readAt }, "Delivered"],
  [{}, undefined],
  [{ errorCode: "0", isDelivered: true }, "Delivered"],
  [{ errorCode: "22", isDelivered: true, readAt }, "Not delivered"],
  [{ errorCode: "-1" }, "Not delivered"],
  [{ isScheduled: true, sentAt: `${year}-06-14T09:00:00Z` }, "Scheduled for 14 June, 09:00"],
  [{ isScheduled: true, sentAt: "2031-06-14T09:00:00Z" }, "Scheduled for 14 June 2031, 09:00"],
])("%j is told as %s", (state, words) => {
  expect(deliveryOf({ direction: "DIRECTION_OUTGOING", sentAt, ...state })?.words).toBe(words);
});

test("of what others sent there is nothing to tell", () => {
  const message: Message = { direction: "DIRECTION_INCOMING", sentAt, readAt, isRead: true, errorCode: "1" };

  expect(deliveryOf(message)).toBeUndefined();
});
