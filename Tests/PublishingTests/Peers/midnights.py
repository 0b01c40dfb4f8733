"""The next midnight in California after each moment: seconds since 1970 a line in, and out."""

import datetime
import sys
import zoneinfo

pacific = zoneinfo.ZoneInfo("America/Los_Angeles")
for line in open(sys.argv[1]):
    moment = datetime.datetime.fromtimestamp(int(line), pacific)
    day = moment.date() + datetime.timedelta(days=1)
    print(int(datetime.datetime(day.year, day.month, day.day, tzinfo=pacific).timestamp()))
