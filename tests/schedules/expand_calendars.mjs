// Expands calendars with ical.js: reads a JSON list of {text, from, to} and writes, for each, the local
// starts of its occurrences in [from, to) with their titles.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

function occurrences({ text, from, to }) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const events = calendar.getAllSubcomponents("vevent").map((each) => new ICAL.Event(each));
  const found = [];
  const keep = (start, title) => {
    const at = start.toString().slice(0, 19);
    if (at >= from && at < to) found.push([at, title]);
  };
  for (const event of events.filter((each) => !each.isRecurrenceException())) {
    for (const other of events) if (other.isRecurrenceException() && other.uid === event.uid) event.relateException(other);
    if (!event.isRecurring()) {
      keep(event.startDate, event.summary);
      continue;
    }
    const iterator = event.iterator();
    for (let next = iterator.next(); next && next.toString().slice(0, 10) <= to.slice(0, 10); next = iterator.next()) {
      const details = event.getOccurrenceDetails(next);
      keep(details.startDate, details.item.summary);
    }
  }
  return found.sort();
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(occurrences)));
