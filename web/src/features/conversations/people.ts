/** The people of a conversation by their handles, for what names only a handle. */
import { createContext, useContext, useMemo } from "react";
import type { Conversation, Participant } from "@/lib/api/types";
import { plain } from "@/lib/words";
import { firstName, participantName } from "./names";

export type NameOf = (handle: string) => string;

const People = createContext<NameOf>(plain);

export const PeopleProvider = People.Provider;

export function useNameOf(): NameOf {
  return useContext(People);
}

/** The same function as long as the people are the same: the conversation itself is a new object with every message. */
export function usePeople(conversation: Conversation | undefined): NameOf {
  const known = JSON.stringify(conversation?.participants ?? []);
  return useMemo(() => {
    const people: Participant[] = JSON.parse(known);
    const names = new Map(people.map((person) => [person.handle ?? "", firstName(participantName(person))]));
    return (handle) => names.get(handle) || plain(handle);
  }, [known]);
}
