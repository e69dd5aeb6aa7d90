<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en_US" sourcelanguage="en_US">
  <context>
    <name>Acting</name>
    <message numerus="yes">
      <source>%n machine(s) left out; for example, {first}</source>
      <translation>
        <numerusform>%n machine left out; for example, {first}</numerusform>
        <numerusform>%n machines left out; for example, {first}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>This affects %n machine(s). To confirm, add: --confirm {count}</source>
      <translation>
        <numerusform>This affects %n machine. To confirm, add: --confirm {count}</numerusform>
        <numerusform>This affects %n machines. To confirm, add: --confirm {count}</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ActionsModel</name>
    <message numerus="yes">
      <source>%n canceled</source>
      <translation>
        <numerusform>%n canceled</numerusform>
        <numerusform>%n canceled</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n failed</source>
      <translation>
        <numerusform>%n failed</numerusform>
        <numerusform>%n failed</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s)</source>
      <translation>
        <numerusform>%n machine</numerusform>
        <numerusform>%n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n succeeded</source>
      <translation>
        <numerusform>%n succeeded</numerusform>
        <numerusform>%n succeeded</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n unknown</source>
      <translation>
        <numerusform>%n unknown</numerusform>
        <numerusform>%n unknown</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ActivityPage</name>
    <message numerus="yes">
      <source>Cancel %n queued change(s)</source>
      <translation>
        <numerusform>Cancel %n queued change</numerusform>
        <numerusform>Cancel %n queued changes</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Cancel %n queued operation(s)</source>
      <translation>
        <numerusform>Cancel the queued operation</numerusform>
        <numerusform>Cancel %n queued operations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Dismiss %n unknown result(s)</source>
      <translation>
        <numerusform>Dismiss the unknown result</numerusform>
        <numerusform>Dismiss %n unknown results</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Install again on %n machine(s)…</source>
      <translation>
        <numerusform>Install again on %n machine…</numerusform>
        <numerusform>Install again on %n machines…</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>AssignMachinesDialog</name>
    <message numerus="yes">
      <source>%n machine(s) selected.</source>
      <translation>
        <numerusform>%n machine selected.</numerusform>
        <numerusform>%n machines selected.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Also set %n machine(s) to Customer Managed Schedules</source>
      <translation>
        <numerusform>Also set %n machine to Customer Managed Schedules</numerusform>
        <numerusform>Also set %n machines to Customer Managed Schedules</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Assign %n machine(s)</source>
      <translation>
        <numerusform>Assign %n machine</numerusform>
        <numerusform>Assign %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Azure runs the schedule only on machines set to Customer Managed Schedules. %n machine(s) aren't: {names}.</source>
      <translation>
        <numerusform>Azure runs the schedule only on machines set to Customer Managed Schedules. %n machine isn't: {names}.</numerusform>
        <numerusform>Azure runs the schedule only on machines set to Customer Managed Schedules. %n machines aren't: {names}.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Hotpatch is turned off on %n machine(s): {names}.</source>
      <translation>
        <numerusform>Hotpatch is turned off on %n machine: {names}.</numerusform>
        <numerusform>Hotpatch is turned off on %n machines: {names}.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Bell</name>
    <message numerus="yes">
      <source>%n new notification(s)</source>
      <translation>
        <numerusform>%n new notification</numerusform>
        <numerusform>%n new notifications</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Blade</name>
    <message numerus="yes">
      <source>, and %n more queued or in progress</source>
      <translation>
        <numerusform>, and %n more queued or in progress</numerusform>
        <numerusform>, and %n more queued or in progress</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Reading %n machine(s)</source>
      <translation>
        <numerusform>Reading %n machine</numerusform>
        <numerusform>Reading %n machines</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>CalendarModel</name>
    <message numerus="yes">
      <source>%n release(s)</source>
      <translation>
        <numerusform>%n release</numerusform>
        <numerusform>%n releases</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n release(s) differ from the plan.</source>
      <translation>
        <numerusform>%n release differs from the plan.</numerusform>
        <numerusform>%n releases differ from the plan.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n restart(s)</source>
      <translation>
        <numerusform>%n restart</numerusform>
        <numerusform>%n restarts</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>, %n failed</source>
      <translation>
        <numerusform>, %n failed</numerusform>
        <numerusform>, %n failed</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>The releases of %n planned day(s) aren't known.</source>
      <translation>
        <numerusform>The releases of %n planned day aren't known.</numerusform>
        <numerusform>The releases of %n planned days aren't known.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{kb} failed on %n machine(s)</source>
      <translation>
        <numerusform>{kb} failed on %n machine</numerusform>
        <numerusform>{kb} failed on %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{kb} installed on %n machine(s)</source>
      <translation>
        <numerusform>{kb} installed on %n machine</numerusform>
        <numerusform>{kb} installed on %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{machines}: %n monthly release(s) installed{failures}.</source>
      <translation>
        <numerusform>{machines}: %n monthly release installed{failures}.</numerusform>
        <numerusform>{machines}: %n monthly releases installed{failures}.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>CommandBar</name>
    <message numerus="yes">
      <source>Assess %n machine(s)</source>
      <translation>
        <numerusform>Assess %n machine</numerusform>
        <numerusform>Assess %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Restart %n machine(s)</source>
      <translation>
        <numerusform>Restart %n machine</numerusform>
        <numerusform>Restart %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Start %n machine(s)</source>
      <translation>
        <numerusform>Start %n machine</numerusform>
        <numerusform>Start %n machines</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ComplianceModel</name>
    <message numerus="yes">
      <source> It counted %n update(s).</source>
      <translation>
        <numerusform> It counted %n update.</numerusform>
        <numerusform> It counted %n updates.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Azure keeps the list for seven days; the last one is %n day(s) old.{counted} Choose Assess now.</source>
      <translation>
        <numerusform>Azure keeps the list for seven days; the last one is %n day old.{counted} Choose Assess now.</numerusform>
        <numerusform>Azure keeps the list for seven days; the last one is %n days old.{counted} Choose Assess now.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{count}, %n of them restart or may restart</source>
      <translation>
        <numerusform>{count}, %n of them restarts or may restart</numerusform>
        <numerusform>{count}, %n of them restart or may restart</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ComplianceTrend</name>
    <message numerus="yes">
      <source>%n day(s) with data. Up to date: {before:,} of {all_before:,} on {first}, {after:,} of {all_after:,} on {last}. Days without a sync are gaps.</source>
      <translation>
        <numerusform>%n day with data. Up to date: {before:,} of {all_before:,} on {first}, {after:,} of {all_after:,} on {last}. Days without a sync are gaps.</numerusform>
        <numerusform>%n days with data. Up to date: {before:,} of {all_before:,} on {first}, {after:,} of {all_after:,} on {last}. Days without a sync are gaps.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ConfirmDialog</name>
    <message numerus="yes">
      <source> and %n more</source>
      <translation>
        <numerusform> and %n more</numerusform>
        <numerusform> and %n more</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>CoverageModel</name>
    <message numerus="yes">
      <source>Hotpatch is on for {on:,} of %n machine(s).</source>
      <translation>
        <numerusform>Hotpatch is on for {on:,} of %n machine.</numerusform>
        <numerusform>Hotpatch is on for {on:,} of %n machines.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>On the others it would avoid %n restart(s) in the next 12 months, by Microsoft's plan.</source>
      <translation>
        <numerusform>On the others it would avoid %n restart in the next 12 months, by Microsoft's plan.</numerusform>
        <numerusform>On the others it would avoid %n restarts in the next 12 months, by Microsoft's plan.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>CoveragePage</name>
    <message numerus="yes">
      <source>Turn hotpatch on for %n machine(s)…</source>
      <translation>
        <numerusform>Turn hotpatch on for %n machine…</numerusform>
        <numerusform>Turn hotpatch on for %n machines…</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Turn on or enroll %n machine(s)…</source>
      <translation>
        <numerusform>Turn on or enroll %n machine…</numerusform>
        <numerusform>Turn on or enroll %n machines…</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>DeploymentsModel</name>
    <message numerus="yes">
      <source>and %n more</source>
      <translation>
        <numerusform>and %n more</numerusform>
        <numerusform>and %n more</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Dialog</name>
    <message numerus="yes">
      <source>%n cleared</source>
      <translation>
        <numerusform>%n cleared</numerusform>
        <numerusform>%n cleared</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n groups, in this order: {shown}{more}.</source>
      <translation>
        <numerusform>%n group, in this order: {shown}{more}.</numerusform>
        <numerusform>%n groups, in this order: {shown}{more}.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n left out, because no selected update is missing there</source>
      <translation>
        <numerusform>%n left out, because no selected update is missing there</numerusform>
        <numerusform>%n left out, because no selected update is missing there</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s) became unhealthy after {kb} was installed. Check them first, or exclude it.</source>
      <translation>
        <numerusform>%n machine became unhealthy after {kb} was installed. Check them first, or exclude it.</numerusform>
        <numerusform>%n machines became unhealthy after {kb} was installed. Check them first, or exclude it.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s): {parts}.</source>
      <translation>
        <numerusform>%n machine: {parts}.</numerusform>
        <numerusform>%n machines: {parts}.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n of them have no known assessment, so their updates can't be previewed.</source>
      <translation>
        <numerusform>%n of them has no known assessment, so its updates can't be previewed.</numerusform>
        <numerusform>%n of them have no known assessment, so their updates can't be previewed.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n skipped</source>
      <translation>
        <numerusform>%n skipped</numerusform>
        <numerusform>%n skipped</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>; and %n more</source>
      <translation>
        <numerusform>; and %n more</numerusform>
        <numerusform>; and %n more</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Install on %n machine(s)</source>
      <translation>
        <numerusform>Install on %n machine</numerusform>
        <numerusform>Install on %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Leave out %n machine(s) on which no selected update is missing</source>
      <translation>
        <numerusform>Leave out %n machine on which no selected update is missing</numerusform>
        <numerusform>Leave out %n machines on which no selected update is missing</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Reading %n machine(s)…</source>
      <translation>
        <numerusform>Reading %n machine…</numerusform>
        <numerusform>Reading %n machines…</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>The oldest of their assessments is {age} old; the installation may find other updates.</source>
      <translation>
        <numerusform>The assessment is {age} old; the installation may find other updates.</numerusform>
        <numerusform>The oldest of their assessments is {age} old; the installation may find other updates.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>The oldest of their assessments is {age} old; updates that were installed or withdrawn since are skipped.</source>
      <translation>
        <numerusform>The oldest of their assessments is {age} old; updates that were installed or withdrawn since are skipped.</numerusform>
        <numerusform>The oldest of their assessments is {age} old; updates that were installed or withdrawn since are skipped.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>install on %n</source>
      <translation>
        <numerusform>install on %n</numerusform>
        <numerusform>install on %n</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>DisplayText</name>
    <message numerus="yes">
      <source>Monthly update missing, %n d</source>
      <translation>
        <numerusform>Monthly update missing, %n d</numerusform>
        <numerusform>Monthly update missing, %n d</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{summary}, %n d behind</source>
      <translation>
        <numerusform>{summary}, %n d behind</numerusform>
        <numerusform>{summary}, %n d behind</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>End</name>
    <message numerus="yes">
      <source> %n not installed.</source>
      <translation>
        <numerusform> %n not installed.</numerusform>
        <numerusform> %n not installed.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n update(s) installed{named}.{others}</source>
      <translation>
        <numerusform>%n update installed{named}.{others}</numerusform>
        <numerusform>%n updates installed{named}.{others}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Assessed: %n update(s) available.</source>
      <translation>
        <numerusform>Assessed: %n update available.</numerusform>
        <numerusform>Assessed: %n updates available.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>EssentialsModel</name>
    <message numerus="yes">
      <source>Missing since {day} (%n day(s))</source>
      <translation>
        <numerusform>Missing since {day} (%n day)</numerusform>
        <numerusform>Missing since {day} (%n days)</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ExportWriters</name>
    <message numerus="yes">
      <source>Excel supports at most %n rows; filter, or choose CSV.</source>
      <translation>
        <numerusform>Excel supports at most %n rows; filter, or choose CSV.</numerusform>
        <numerusform>Excel supports at most %n rows; filter, or choose CSV.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Filters</name>
    <message numerus="yes">
      <source>{names} and %n more</source>
      <translation>
        <numerusform>{names} and %n more</numerusform>
        <numerusform>{names} and %n more</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Fleet</name>
    <message numerus="yes">
      <source>%n of its rows couldn't be read.</source>
      <translation>
        <numerusform>One of its rows couldn't be read.</numerusform>
        <numerusform>%n of its rows couldn't be read.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Headline</name>
    <message numerus="yes">
      <source>Installing everything restarts or may restart %n machine(s).</source>
      <translation>
        <numerusform>Installing everything restarts or may restart %n machine.</numerusform>
        <numerusform>Installing everything restarts or may restart %n machines.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>The updates of %n machine(s) are known; none is available.</source>
      <translation>
        <numerusform>The updates of %n machine are known; none is available.</numerusform>
        <numerusform>The updates of %n machines are known; none is available.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{status} on %n machine(s)</source>
      <translation>
        <numerusform>{status} on %n machine</numerusform>
        <numerusform>{status} on %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{updates} available on %n machine(s).</source>
      <translation>
        <numerusform>{updates} available on %n machine.</numerusform>
        <numerusform>{updates} available on %n machines.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>HistoryModel</name>
    <message numerus="yes">
      <source>%n day(s)</source>
      <translation>
        <numerusform>%n day</numerusform>
        <numerusform>%n days</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Horizon</name>
    <message numerus="yes">
      <source>According to the plan, %n monthly releases were published by {day}; their details aren't known because the release data ends on {until}.</source>
      <translation>
        <numerusform>According to the plan, %n monthly release was published by {day}; its details aren't known because the release data ends on {until}.</numerusform>
        <numerusform>According to the plan, %n monthly releases were published by {day}; their details aren't known because the release data ends on {until}.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Installs</name>
    <message numerus="yes">
      <source>%n machine(s) may restart</source>
      <translation>
        <numerusform>%n machine may restart</numerusform>
        <numerusform>%n machines may restart</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s) restart(s)</source>
      <translation>
        <numerusform>%n machine restarts</numerusform>
        <numerusform>%n machines restart</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n may restart</source>
      <translation>
        <numerusform>%n may restart</numerusform>
        <numerusform>%n may restart</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n more</source>
      <translation>
        <numerusform>%n more</numerusform>
        <numerusform>%n more</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n won't restart.</source>
      <translation>
        <numerusform>%n won't restart.</numerusform>
        <numerusform>%n won't restart.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Azure restarts none; updates on %n machine(s) may remain incomplete until you restart.</source>
      <translation>
        <numerusform>Azure restarts none; updates on %n machine may remain incomplete until you restart.</numerusform>
        <numerusform>Azure restarts none; updates on %n machines may remain incomplete until you restart.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Azure will not restart them</source>
      <translation>
        <numerusform>Azure will not restart it</numerusform>
        <numerusform>Azure will not restart them</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>That is %n installation(s).</source>
      <translation>
        <numerusform>That is %n installation.</numerusform>
        <numerusform>That is %n installations.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>they always restart</source>
      <translation>
        <numerusform>it always restarts</numerusform>
        <numerusform>they always restart</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>they may restart</source>
      <translation>
        <numerusform>it may restart</numerusform>
        <numerusform>they may restart</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{busy:,} of %n machine(s)</source>
      <translation>
        <numerusform>{busy:,} of %n machine</numerusform>
        <numerusform>{busy:,} of %n machines</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Kb</name>
    <message numerus="yes">
      <source>{names} aren't KB numbers. Write KB and six to eight digits, such as KB5031364.</source>
      <translation>
        <numerusform>{names} isn't a KB number. Write KB and six to eight digits, such as KB5031364.</numerusform>
        <numerusform>{names} aren't KB numbers. Write KB and six to eight digits, such as KB5031364.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>KbMachines</name>
    <message numerus="yes">
      <source>Install on %n machine(s)…</source>
      <translation>
        <numerusform>Install on %n machine…</numerusform>
        <numerusform>Install on %n machines…</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>KbMachinesModel</name>
    <message numerus="yes">
      <source>%n machine(s) became unhealthy after it was installed.</source>
      <translation>
        <numerusform>%n machine became unhealthy after it was installed.</numerusform>
        <numerusform>%n machines became unhealthy after it was installed.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Learning</name>
    <message numerus="yes">
      <source>Seen in your fleet on %n machine(s)</source>
      <translation>
        <numerusform>Seen in your fleet on %n machine</numerusform>
        <numerusform>Seen in your fleet on %n machines</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>LedgerModel</name>
    <message numerus="yes">
      <source> The newest %n are listed.</source>
      <translation>
        <numerusform> The newest one is listed.</numerusform>
        <numerusform> The newest %n are listed.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n restart(s) on record: {parts}. {caused}{shown}</source>
      <translation>
        <numerusform>%n restart on record: {parts}. {caused}{shown}</numerusform>
        <numerusform>%n restarts on record: {parts}. {caused}{shown}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Monthly releases of the operating system caused %n of them.</source>
      <translation>
        <numerusform>Monthly releases of the operating system caused %n of them.</numerusform>
        <numerusform>Monthly releases of the operating system caused %n of them.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>LogDialog</name>
    <message numerus="yes">
      <source>{shown:,} of %n entries</source>
      <translation>
        <numerusform>{shown:,} of %n entry</numerusform>
        <numerusform>{shown:,} of %n entries</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>MachineGrid</name>
    <message numerus="yes">
      <source>%n d</source>
      <translation>
        <numerusform>%n d</numerusform>
        <numerusform>%n d</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{name} · %n machine(s)</source>
      <translation>
        <numerusform>{name} · %n machine</numerusform>
        <numerusform>{name} · %n machines</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>MachinesPage</name>
    <message numerus="yes">
      <source>%n selected</source>
      <translation>
        <numerusform>%n selected</numerusform>
        <numerusform>%n selected</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>The %n selected machines</source>
      <translation>
        <numerusform>The selected machine</numerusform>
        <numerusform>The %n selected machines</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>OperationQueue</name>
    <message numerus="yes">
      <source>%n of the machines aren't in the current data, so nothing was requested for them.</source>
      <translation>
        <numerusform>One of the machines isn't in the current data, so nothing was requested for it.</numerusform>
        <numerusform>%n of the machines aren't in the current data, so nothing was requested for them.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>“{label}” is already queued, is in progress or has an unknown result on %n of the machines, so it wasn't requested again.</source>
      <translation>
        <numerusform>“{label}” is already queued, is in progress or has an unknown result on the machine, so it wasn't requested again.</numerusform>
        <numerusform>“{label}” is already queued, is in progress or has an unknown result on %n of the machines, so it wasn't requested again.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Outcomes</name>
    <message numerus="yes">
      <source>Exclude {kb}: {good:,} of %n schedule(s) succeeded</source>
      <translation>
        <numerusform>Exclude {kb}: {good:,} of %n schedule succeeded</numerusform>
        <numerusform>Exclude {kb}: {good:,} of %n schedules succeeded</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{kind}, {good:,} of %n change(s) succeeded</source>
      <translation>
        <numerusform>{kind}, {good:,} of %n change succeeded</numerusform>
        <numerusform>{kind}, {good:,} of %n changes succeeded</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{kind}: {good:,} of %n machine(s) succeeded</source>
      <translation>
        <numerusform>{kind}: {good:,} of %n machine succeeded</numerusform>
        <numerusform>{kind}: {good:,} of %n machines succeeded</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>OverviewActions</name>
    <message numerus="yes">
      <source>%n installation(s) failed</source>
      <translation>
        <numerusform>%n installation failed</numerusform>
        <numerusform>%n installations failed</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n installation(s) failed in the last 30 days. The update history shows the errors.</source>
      <translation>
        <numerusform>%n installation failed in the last 30 days. The update history shows the errors.</numerusform>
        <numerusform>%n installations failed in the last 30 days. The update history shows the errors.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n installation(s) restarted a machine</source>
      <translation>
        <numerusform>%n installation restarted a machine</numerusform>
        <numerusform>%n installations restarted a machine</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n installation(s) succeeded</source>
      <translation>
        <numerusform>%n installation succeeded</numerusform>
        <numerusform>%n installations succeeded</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s)</source>
      <translation>
        <numerusform>%n machine</numerusform>
        <numerusform>%n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s) became unhealthy</source>
      <translation>
        <numerusform>%n machine became unhealthy</numerusform>
        <numerusform>%n machines became unhealthy</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s) no longer listed (deleted in Azure, or no longer read)</source>
      <translation>
        <numerusform>%n machine no longer listed (deleted in Azure, or no longer read)</numerusform>
        <numerusform>%n machines no longer listed (deleted in Azure, or no longer read)</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s) not running hotpatch</source>
      <translation>
        <numerusform>%n machine not running hotpatch</numerusform>
        <numerusform>%n machines not running hotpatch</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s) off the hotpatch train</source>
      <translation>
        <numerusform>%n machine off the hotpatch train</numerusform>
        <numerusform>%n machines off the hotpatch train</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s) waiting for a baseline</source>
      <translation>
        <numerusform>%n machine waiting for a baseline</numerusform>
        <numerusform>%n machines waiting for a baseline</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s) with an unknown result</source>
      <translation>
        <numerusform>%n machine with an unknown result</numerusform>
        <numerusform>%n machines with an unknown result</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n operation(s) of this program ended</source>
      <translation>
        <numerusform>%n operation of this program ended</numerusform>
        <numerusform>%n operations of this program ended</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>At any time: %n machine(s)</source>
      <translation>
        <numerusform>At any time: %n machine</numerusform>
        <numerusform>At any time: %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Installing this {kind} restarts %n machine(s) with hotpatch.</source>
      <translation>
        <numerusform>Installing this {kind} restarts %n machine with hotpatch.</numerusform>
        <numerusform>Installing this {kind} restarts %n machines with hotpatch.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Not known: %n machine(s)</source>
      <translation>
        <numerusform>Not known: %n machine</numerusform>
        <numerusform>Not known: %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Restart pending on %n machine(s)</source>
      <translation>
        <numerusform>Restart pending on %n machine</numerusform>
        <numerusform>Restart pending on %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>The next {kind} restarts %n machine(s) with hotpatch; subject to change.</source>
      <translation>
        <numerusform>The next {kind} restarts %n machine with hotpatch; subject to change.</numerusform>
        <numerusform>The next {kind} restarts %n machines with hotpatch; subject to change.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>The status of %n machine(s) isn't known.</source>
      <translation>
        <numerusform>The status of %n machine isn't known.</numerusform>
        <numerusform>The status of %n machines isn't known.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Waiting for a restart: %n machine(s)</source>
      <translation>
        <numerusform>Waiting for a restart: %n machine</numerusform>
        <numerusform>Waiting for a restart: %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{condition}: %n machine(s)</source>
      <translation>
        <numerusform>{condition}: %n machine</numerusform>
        <numerusform>{condition}: %n machines</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>OverviewModel</name>
    <message numerus="yes">
      <source>%n day(s) or longer</source>
      <translation>
        <numerusform>%n day or longer</numerusform>
        <numerusform>%n days or longer</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n failure(s)</source>
      <translation>
        <numerusform>%n failure</numerusform>
        <numerusform>%n failures</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s) have other updates available, but no monthly one is missing.</source>
      <translation>
        <numerusform>%n machine has other updates available, but no monthly one is missing.</numerusform>
        <numerusform>%n machines have other updates available, but no monthly one is missing.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s) need attention.</source>
      <translation>
        <numerusform>%n machine needs attention.</numerusform>
        <numerusform>%n machines need attention.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n not known</source>
      <translation>
        <numerusform>%n not known</numerusform>
        <numerusform>%n not known</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n of these machines also count as Not known.</source>
      <translation>
        <numerusform>%n of these machines also counts as Not known.</numerusform>
        <numerusform>%n of these machines also count as Not known.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>A monthly security update is missing on {missing:,} of %n machine(s), {how_long}.</source>
      <translation>
        <numerusform>A monthly security update is missing on {missing:,} of %n machine, {how_long}.</numerusform>
        <numerusform>A monthly security update is missing on {missing:,} of %n machines, {how_long}.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Hotpatch is on for {enabled:,} of %n machine(s) known to be able to receive hotpatches.</source>
      <translation>
        <numerusform>Hotpatch is on for {enabled:,} of %n machine known to be able to receive hotpatches.</numerusform>
        <numerusform>Hotpatch is on for {enabled:,} of %n machines known to be able to receive hotpatches.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>It isn't known whether %n machine(s) are missing a monthly update.</source>
      <translation>
        <numerusform>It isn't known whether %n machine is missing a monthly update.</numerusform>
        <numerusform>It isn't known whether %n machines are missing a monthly update.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>The status of %n machine(s) isn't known.</source>
      <translation>
        <numerusform>The status of %n machine isn't known.</numerusform>
        <numerusform>The status of %n machines isn't known.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>for up to %n day(s)</source>
      <translation>
        <numerusform>for up to %n day</numerusform>
        <numerusform>for up to %n days</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>not on for %n machine(s)</source>
      <translation>
        <numerusform>not on for %n machine</numerusform>
        <numerusform>not on for %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{percent}% of %n machine(s)</source>
      <translation>
        <numerusform>{percent}% of %n machine</numerusform>
        <numerusform>{percent}% of %n machines</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>OverviewReport</name>
    <message numerus="yes">
      <source>Scope: %n machine(s), of all connections.</source>
      <translation>
        <numerusform>Scope: %n machine, of all connections.</numerusform>
        <numerusform>Scope: %n machines, of all connections.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Patching</name>
    <message numerus="yes">
      <source>it is patched by %n schedule(s): {certain}</source>
      <translation>
        <numerusform>it is patched by %n schedule: {certain}</numerusform>
        <numerusform>it is patched by %n schedules: {certain}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>it is patched by %n schedule(s): {certain}; and perhaps by {perhaps}</source>
      <translation>
        <numerusform>it is patched by %n schedule: {certain}; and perhaps by {perhaps}</numerusform>
        <numerusform>it is patched by %n schedules: {certain}; and perhaps by {perhaps}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>nothing patches it, because %n schedule(s) have ended: {follows}</source>
      <translation>
        <numerusform>nothing patches it, because %n schedule has ended: {follows}</numerusform>
        <numerusform>nothing patches it, because %n schedules have ended: {follows}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{schedules} are assigned, but the machine isn't set to Customer Managed Schedules, so neither a schedule nor automatic guest patching installs anything.</source>
      <translation>
        <numerusform>{schedules} is assigned, but the machine isn't set to Customer Managed Schedules, so neither a schedule nor automatic guest patching installs anything.</numerusform>
        <numerusform>{schedules} are assigned, but the machine isn't set to Customer Managed Schedules, so neither a schedule nor automatic guest patching installs anything.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Phrases</name>
    <message numerus="yes">
      <source>%n day(s)</source>
      <translation>
        <numerusform>%n day</numerusform>
        <numerusform>%n days</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s)</source>
      <translation>
        <numerusform>%n machine</numerusform>
        <numerusform>%n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n more</source>
      <translation>
        <numerusform>%n more</numerusform>
        <numerusform>%n more</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n update(s)</source>
      <translation>
        <numerusform>%n update</numerusform>
        <numerusform>%n updates</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{shown} and %n more</source>
      <translation>
        <numerusform>{shown} and %n more</numerusform>
        <numerusform>{shown} and %n more</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>PlannerPage</name>
    <message numerus="yes">
      <source>%n aren't patched automatically: they are assumed to restart once per release, on an unknown day.</source>
      <translation>
        <numerusform>%n isn't patched automatically: it is assumed to restart once per release, on an unknown day.</numerusform>
        <numerusform>%n aren't patched automatically: they are assumed to restart once per release, on an unknown day.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n without hotpatch</source>
      <translation>
        <numerusform>%n without hotpatch</numerusform>
        <numerusform>%n without hotpatch</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>The releases of %n of these days aren't known, so the plan is used for them.</source>
      <translation>
        <numerusform>The releases of %n of these days aren't known, so the plan is used for it.</numerusform>
        <numerusform>The releases of %n of these days aren't known, so the plan is used for them.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{machines}, %n release day(s).</source>
      <translation>
        <numerusform>{machines}, %n release day.</numerusform>
        <numerusform>{machines}, %n release days.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>PreferencesDialog</name>
    <message numerus="yes">
      <source>%n connection(s)</source>
      <translation>
        <numerusform>%n connection</numerusform>
        <numerusform>%n connections</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>PropertiesStep</name>
    <message numerus="yes">
      <source>Installations on all %n machine(s) start at the same time, so a failure can't stop the others.</source>
      <translation>
        <numerusform>The installation on the machine starts at the same time, so a failure can't stop the others.</numerusform>
        <numerusform>Installations on all %n machines start at the same time, so a failure can't stop the others.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Queue</name>
    <message numerus="yes">
      <source>Not sent: sending stopped after %n of the operations requested together failed, had an unknown result, or left the machine unhealthy.</source>
      <translation>
        <numerusform>Not sent: sending stopped after one of the operations requested together failed, had an unknown result, or left the machine unhealthy.</numerusform>
        <numerusform>Not sent: sending stopped after %n of the operations requested together failed, had an unknown result, or left the machine unhealthy.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ReleaseKnowledge</name>
    <message numerus="yes">
      <source>%n release(s) added or completed</source>
      <translation>
        <numerusform>%n release added or completed</numerusform>
        <numerusform>%n releases added or completed</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>; %n rejected</source>
      <translation>
        <numerusform>; %n rejected</numerusform>
        <numerusform>; %n rejected</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>RolloutModel</name>
    <message numerus="yes">
      <source>%n being patched</source>
      <translation>
        <numerusform>%n being patched</numerusform>
        <numerusform>%n being patched</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n failed, will retry</source>
      <translation>
        <numerusform>%n failed, will retry</numerusform>
        <numerusform>%n failed, will retry</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n not running</source>
      <translation>
        <numerusform>%n not running</numerusform>
        <numerusform>%n not running</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n unhealthy since the update</source>
      <translation>
        <numerusform>%n unhealthy since the update</numerusform>
        <numerusform>%n unhealthy since the update</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Phase {open_phase} of {phases}: {done:,} of %n machine(s) patched</source>
      <translation>
        <numerusform>Phase {open_phase} of {phases}: {done:,} of %n machine patched</numerusform>
        <numerusform>Phase {open_phase} of {phases}: {done:,} of %n machines patched</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Rollout halted in phase {phase} of %n ({where}), inferred from Azure's published rules and an assumed limit</source>
      <translation>
        <numerusform>Rollout halted in phase {phase} of %n ({where}), inferred from Azure's published rules and an assumed limit</numerusform>
        <numerusform>Rollout halted in phase {phase} of %n ({where}), inferred from Azure's published rules and an assumed limit</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{name} (%n sets)</source>
      <translation>
        <numerusform>{name} (%n sets)</numerusform>
        <numerusform>{name} (%n sets)</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{what}: installed on all machines that automatic guest patching includes. %n other(s) aren't included; the table shows why.</source>
      <translation>
        <numerusform>{what}: installed on all machines that automatic guest patching includes. %n other isn't included; the table shows why.</numerusform>
        <numerusform>{what}: installed on all machines that automatic guest patching includes. %n others aren't included; the table shows why.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{what}: none of the %n machine(s) is included. The table shows why.</source>
      <translation>
        <numerusform>{what}: the machine is not included. The table shows why.</numerusform>
        <numerusform>{what}: none of the %n machines is included. The table shows why.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{what}: {names} became unhealthy after the update (%n of the {patched} machines patched in that phase). In all, {done:,} of {part:,} are patched. If it halted, no other machine is patched automatically. Azure doesn't report whether it halted. Check the unhealthy machines, and exclude the KB from installations on others.</source>
      <translation>
        <numerusform>{what}: {names} became unhealthy after the update (%n of the {patched} machines patched in that phase). In all, {done:,} of {part:,} are patched. If it halted, no other machine is patched automatically. Azure doesn't report whether it halted. Check the unhealthy machines, and exclude the KB from installations on others.</numerusform>
        <numerusform>{what}: {names} became unhealthy after the update (%n of the {patched} machines patched in that phase). In all, {done:,} of {part:,} are patched. If it halted, no other machine is patched automatically. Azure doesn't report whether it halted. Check the unhealthy machines, and exclude the KB from installations on others.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>RolloutPage</name>
    <message numerus="yes">
      <source>%n machine(s)</source>
      <translation>
        <numerusform>%n machine</numerusform>
        <numerusform>%n machines</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ScheduleCalendar</name>
    <message numerus="yes">
      <source>%n day(s) after the release of {day}</source>
      <translation>
        <numerusform>%n day after the release of {day}</numerusform>
        <numerusform>%n days after the release of {day}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Overlaps with {name} on %n machine(s)</source>
      <translation>
        <numerusform>Overlaps with {name} on %n machine</numerusform>
        <numerusform>Overlaps with {name} on %n machines</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ScheduleCalendarDialog</name>
    <message numerus="yes">
      <source>%n window(s); times in {zone}</source>
      <translation>
        <numerusform>%n window; times in {zone}</numerusform>
        <numerusform>%n windows; times in {zone}</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ScheduleChangesCommand</name>
    <message numerus="yes">
      <source>Azure runs no schedule on %n of them until their update settings are Customer Managed Schedules.</source>
      <translation>
        <numerusform>Azure runs no schedule on %n of them until its update settings are Customer Managed Schedules.</numerusform>
        <numerusform>Azure runs no schedule on %n of them until their update settings are Customer Managed Schedules.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ScheduleColumns</name>
    <message numerus="yes">
      <source>%n problem(s)</source>
      <translation>
        <numerusform>%n problem</numerusform>
        <numerusform>%n problems</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ScheduleConcerns</name>
    <message numerus="yes">
      <source>%n machine(s) aren't running. Nothing is installed on them unless they run when the maintenance window starts.</source>
      <translation>
        <numerusform>%n machine isn't running. Nothing is installed on it unless it runs when the maintenance window starts.</numerusform>
        <numerusform>%n machines aren't running. Nothing is installed on them unless they run when the maintenance window starts.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s) aren't set to Customer Managed Schedules, so nothing is installed on them: {names}. That mode excludes hotpatch on virtual machines.</source>
      <translation>
        <numerusform>%n machine isn't set to Customer Managed Schedules, so nothing is installed on it: {names}. That mode excludes hotpatch on virtual machines.</numerusform>
        <numerusform>%n machines aren't set to Customer Managed Schedules, so nothing is installed on them: {names}. That mode excludes hotpatch on virtual machines.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>In the last window, on {day}, %n machine(s) installed nothing although an update is missing: {names}. Check that they were running and set to Customer Managed Schedules, and that the schedule installs the missing updates.</source>
      <translation>
        <numerusform>In the last window, on {day}, %n machine installed nothing although an update is missing: {names}. Check that it was running and set to Customer Managed Schedules, and that the schedule installs the missing updates.</numerusform>
        <numerusform>In the last window, on {day}, %n machines installed nothing although an update is missing: {names}. Check that they were running and set to Customer Managed Schedules, and that the schedule installs the missing updates.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>It overlaps with {name} on {day}, on %n machine(s). Azure runs one of them first, and the other when it ends.</source>
      <translation>
        <numerusform>It overlaps with {name} on {day}, on %n machine. Azure runs one of them first, and the other when it ends.</numerusform>
        <numerusform>It overlaps with {name} on {day}, on %n machines. Azure runs one of them first, and the other when it ends.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Its window lasts %n min; Azure allows 1 h 30 min to 3 h 55 min. Updates start only until 25 minutes before its end.</source>
      <translation>
        <numerusform>Its window lasts %n min; Azure allows 1 h 30 min to 3 h 55 min. Updates start only until 25 minutes before its end.</numerusform>
        <numerusform>Its window lasts %n min; Azure allows 1 h 30 min to 3 h 55 min. Updates start only until 25 minutes before its end.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>The release planned for {day} waits %n days for the next window, on {opens}.</source>
      <translation>
        <numerusform>The release planned for {day} waits %n day for the next window, on {opens}.</numerusform>
        <numerusform>The release planned for {day} waits %n days for the next window, on {opens}.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ScheduleTargets</name>
    <message numerus="yes">
      <source>%n machine(s) match now{more}: {named}.</source>
      <translation>
        <numerusform>%n machine matches now{more}: {named}.</numerusform>
        <numerusform>%n machines match now{more}: {named}.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>, perhaps %n more</source>
      <translation>
        <numerusform>, perhaps %n more</numerusform>
        <numerusform>, perhaps %n more</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Azure runs no schedule on %n of them until their settings change.</source>
      <translation>
        <numerusform>Azure runs no schedule on 1 of them until its settings change.</numerusform>
        <numerusform>Azure runs no schedule on %n of them until their settings change.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>That turns hotpatch off on %n of them.</source>
      <translation>
        <numerusform>That turns hotpatch off on %n of them.</numerusform>
        <numerusform>That turns hotpatch off on %n of them.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ScheduleText</name>
    <message numerus="yes">
      <source>%n more</source>
      <translation>
        <numerusform>%n more</numerusform>
        <numerusform>%n more</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ScheduleWindows</name>
    <message numerus="yes">
      <source>%n day(s) after {day}</source>
      <translation>
        <numerusform>%n day after {day}</numerusform>
        <numerusform>%n days after {day}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n day(s) before the last</source>
      <translation>
        <numerusform>%n day before the last</numerusform>
        <numerusform>%n days before the last</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n day(s) before {day}</source>
      <translation>
        <numerusform>%n day before {day}</numerusform>
        <numerusform>%n days before {day}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Every %n days</source>
      <translation>
        <numerusform>Every %n days</numerusform>
        <numerusform>Every %n days</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Every %n hours</source>
      <translation>
        <numerusform>Every %n hours</numerusform>
        <numerusform>Every %n hours</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Every %n months</source>
      <translation>
        <numerusform>Every %n months</numerusform>
        <numerusform>Every %n months</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Every %n weeks</source>
      <translation>
        <numerusform>Every %n weeks</numerusform>
        <numerusform>Every %n weeks</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>SchedulesModel</name>
    <message numerus="yes">
      <source>%n change(s) in progress</source>
      <translation>
        <numerusform>%n change in progress</numerusform>
        <numerusform>%n changes in progress</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n window(s) of {name} from {first} to {last}.</source>
      <translation>
        <numerusform>%n window of {name} from {first} to {last}.</numerusform>
        <numerusform>%n windows of {name} from {first} to {last}.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Failed on {bad:,} of %n machine(s)</source>
      <translation>
        <numerusform>Failed on {bad:,} of %n machine</numerusform>
        <numerusform>Failed on {bad:,} of %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>In progress on %n machine(s)</source>
      <translation>
        <numerusform>In progress on %n machine</numerusform>
        <numerusform>In progress on %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Not known on {rest:,} of %n machine(s)</source>
      <translation>
        <numerusform>Not known on {rest:,} of %n machine</numerusform>
        <numerusform>Not known on {rest:,} of %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Succeeded on %n machine(s)</source>
      <translation>
        <numerusform>Succeeded on %n machine</numerusform>
        <numerusform>Succeeded on %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>The result of %n change(s) isn't known</source>
      <translation>
        <numerusform>The result of %n change isn't known</numerusform>
        <numerusform>The result of %n changes isn't known</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>SchedulesPage</name>
    <message numerus="yes">
      <source>%n machine(s) will receive no updates from {name}.</source>
      <translation>
        <numerusform>%n machine will receive no updates from {name}.</numerusform>
        <numerusform>%n machines will receive no updates from {name}.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Its assignments and dynamic scopes are deleted first. %n machine(s) follow it now and will receive no updates from it.</source>
      <translation>
        <numerusform>Its assignments and dynamic scopes are deleted first. %n machine follows it now and will receive no updates from it.</numerusform>
        <numerusform>Its assignments and dynamic scopes are deleted first. %n machines follow it now and will receive no updates from it.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Prepare %n machine(s)…</source>
      <translation>
        <numerusform>Prepare %n machine…</numerusform>
        <numerusform>Prepare %n machines…</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Remove %n machine(s)…</source>
      <translation>
        <numerusform>Remove %n machine…</numerusform>
        <numerusform>Remove %n machines…</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>SelectionModel</name>
    <message numerus="yes">
      <source>%n update(s)</source>
      <translation>
        <numerusform>%n update</numerusform>
        <numerusform>%n updates</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>SettingsPlan</name>
    <message numerus="yes">
      <source>%n already set</source>
      <translation>
        <numerusform>%n already set</numerusform>
        <numerusform>%n already set</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n machine(s) leave the schedules: Azure installs Critical and Security updates within 30 days of release, off-peak.</source>
      <translation>
        <numerusform>%n machine leaves the schedules: Azure installs Critical and Security updates within 30 days of release, off-peak.</numerusform>
        <numerusform>%n machines leave the schedules: Azure installs Critical and Security updates within 30 days of release, off-peak.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n selected: {parts}.</source>
      <translation>
        <numerusform>%n selected: {parts}.</numerusform>
        <numerusform>%n selected: {parts}.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n skipped</source>
      <translation>
        <numerusform>%n skipped</numerusform>
        <numerusform>%n skipped</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n to change</source>
      <translation>
        <numerusform>%n to change</numerusform>
        <numerusform>%n to change</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>On %n machine(s), Azure installs Critical and Security updates that were previously installed only on request.</source>
      <translation>
        <numerusform>On %n machine, Azure installs Critical and Security updates that were previously installed only on request.</numerusform>
        <numerusform>On %n machines, Azure installs Critical and Security updates that were previously installed only on request.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{v} for %n</source>
      <translation>
        <numerusform>{v} for %n</numerusform>
        <numerusform>{v} for %n</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Shortfall</name>
    <message numerus="yes">
      <source>%n definition update(s) are available.</source>
      <translation>
        <numerusform>%n definition update is available.</numerusform>
        <numerusform>%n definition updates are available.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n of the available updates may restart the machine.</source>
      <translation>
        <numerusform>%n of the available updates may restart the machine.</numerusform>
        <numerusform>%n of the available updates may restart the machine.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n of the available updates restart the machine.</source>
      <translation>
        <numerusform>%n of the available updates restarts the machine.</numerusform>
        <numerusform>%n of the available updates restart the machine.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n release(s)</source>
      <translation>
        <numerusform>one release</numerusform>
        <numerusform>%n releases</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n update(s) are available.</source>
      <translation>
        <numerusform>%n update is available.</numerusform>
        <numerusform>%n updates are available.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Only %n update(s) outside the operating system's releases are available.</source>
      <translation>
        <numerusform>Only %n update outside the operating system's releases is available.</numerusform>
        <numerusform>Only %n updates outside the operating system's releases are available.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>at least %n release(s)</source>
      <translation>
        <numerusform>at least one release</numerusform>
        <numerusform>at least %n releases</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>StatusBar</name>
    <message numerus="yes">
      <source>%n row(s) couldn't be read</source>
      <translation>
        <numerusform>%n row couldn't be read</numerusform>
        <numerusform>%n rows couldn't be read</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>StatusTab</name>
    <message numerus="yes">
      <source> and %n more</source>
      <translation>
        <numerusform> and %n more</numerusform>
        <numerusform> and %n more</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>StopUpdateDialog</name>
    <message numerus="yes">
      <source> %n schedule(s) exclude it already.</source>
      <translation>
        <numerusform> %n schedule excludes it already.</numerusform>
        <numerusform> %n schedules exclude it already.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Cancel %n installation(s)</source>
      <translation>
        <numerusform>Cancel %n installation</numerusform>
        <numerusform>Cancel %n installations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Cancel %n queued installation(s) that may install it, with their other updates</source>
      <translation>
        <numerusform>Cancel %n queued installation that may install it, with its other updates</numerusform>
        <numerusform>Cancel %n queued installations that may install it, with their other updates</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Exclude it in %n schedule(s)</source>
      <translation>
        <numerusform>Exclude it in %n schedule</numerusform>
        <numerusform>Exclude it in %n schedules</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Update settings of %n machine(s)…</source>
      <translation>
        <numerusform>Update settings of %n machine…</numerusform>
        <numerusform>Update settings of %n machines…</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{exclude} and cancel %n installation(s)</source>
      <translation>
        <numerusform>{exclude} and cancel %n installation</numerusform>
        <numerusform>{exclude} and cancel %n installations</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>StopUpdateModel</name>
    <message numerus="yes">
      <source>An installation is in progress on %n machine(s)</source>
      <translation>
        <numerusform>An installation is in progress on %n machine</numerusform>
        <numerusform>An installation is in progress on %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>An installation may be in progress on %n machine(s)</source>
      <translation>
        <numerusform>An installation may be in progress on %n machine</numerusform>
        <numerusform>An installation may be in progress on %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Azure may install it on %n machine(s)</source>
      <translation>
        <numerusform>Azure may install it on %n machine</numerusform>
        <numerusform>Azure may install it on %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>It is installed on %n machine(s)</source>
      <translation>
        <numerusform>It is installed on %n machine</numerusform>
        <numerusform>It is installed on %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>It isn't known what installs it on %n machine(s)</source>
      <translation>
        <numerusform>It isn't known what installs it on %n machine</numerusform>
        <numerusform>It isn't known what installs it on %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>The update may be missing on %n machine(s)</source>
      <translation>
        <numerusform>The update may be missing on %n machine</numerusform>
        <numerusform>The update may be missing on %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Windows Update may install it on %n machine(s)</source>
      <translation>
        <numerusform>Windows Update may install it on %n machine</numerusform>
        <numerusform>Windows Update may install it on %n machines</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Stopping</name>
    <message numerus="yes">
      <source>Queued installations: {canceled:,} of %n canceled.</source>
      <translation>
        <numerusform>Queued installations: {canceled:,} of %n canceled.</numerusform>
        <numerusform>Queued installations: {canceled:,} of %n canceled.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Strip</name>
    <message numerus="yes">
      <source>%n known failure(s) here.</source>
      <translation>
        <numerusform>%n known failure here.</numerusform>
        <numerusform>%n known failures here.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n known installation(s) here.</source>
      <translation>
        <numerusform>%n known installation here.</numerusform>
        <numerusform>%n known installations here.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n more release(s) were planned in that time; details not known.</source>
      <translation>
        <numerusform>%n more release was planned in that time; details not known.</numerusform>
        <numerusform>%n more releases were planned in that time; details not known.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n planned release(s)</source>
      <translation>
        <numerusform>%n planned release</numerusform>
        <numerusform>%n planned releases</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n restart(s)</source>
      <translation>
        <numerusform>%n restart</numerusform>
        <numerusform>%n restarts</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>SyncStateStore</name>
    <message numerus="yes">
      <source>%n subscription(s)</source>
      <translation>
        <numerusform>%n subscription</numerusform>
        <numerusform>%n subscriptions</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Syncing</name>
    <message numerus="yes">
      <source>{name}: %n machine(s), read {finished}</source>
      <translation>
        <numerusform>{name}: %n machine, read {finished}</numerusform>
        <numerusform>{name}: %n machines, read {finished}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{name}: %n rows couldn't be read and were left out.</source>
      <translation>
        <numerusform>{name}: %n row couldn't be read and was left out.</numerusform>
        <numerusform>{name}: %n rows couldn't be read and were left out.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>UpdateSettingsDialog</name>
    <message numerus="yes">
      <source> and %n more</source>
      <translation>
        <numerusform> and %n more</numerusform>
        <numerusform> and %n more</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n Arc-enabled servers</source>
      <translation>
        <numerusform>%n Arc-enabled server</numerusform>
        <numerusform>%n Arc-enabled servers</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n Azure virtual machines</source>
      <translation>
        <numerusform>%n Azure virtual machine</numerusform>
        <numerusform>%n Azure virtual machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Also choose {safe} on %n of these machines</source>
      <translation>
        <numerusform>Also choose {safe} on %n of these machines</numerusform>
        <numerusform>Also choose {safe} on %n of these machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>Save for %n machine(s)</source>
      <translation>
        <numerusform>Save for %n machine</numerusform>
        <numerusform>Save for %n machines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>and %n more</source>
      <translation>
        <numerusform>and %n more</numerusform>
        <numerusform>and %n more</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>UpdateText</name>
    <message numerus="yes">
      <source>%n hotpatch(es)</source>
      <translation>
        <numerusform>%n hotpatch</numerusform>
        <numerusform>%n hotpatches</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n out-of-band update(s)</source>
      <translation>
        <numerusform>%n out-of-band update</numerusform>
        <numerusform>%n out-of-band updates</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n planned baseline(s)</source>
      <translation>
        <numerusform>%n planned baseline</numerusform>
        <numerusform>%n planned baselines</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n unplanned baseline(s)</source>
      <translation>
        <numerusform>%n unplanned baseline</numerusform>
        <numerusform>%n unplanned baselines</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>UpdatesPage</name>
    <message numerus="yes">
      <source>Older than %n day(s)</source>
      <translation>
        <numerusform>Older than %n day</numerusform>
        <numerusform>Older than %n days</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>UpdatesStep</name>
    <message numerus="yes">
      <source>and %n more</source>
      <translation>
        <numerusform>and %n more</numerusform>
        <numerusform>and %n more</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Verify</name>
    <message numerus="yes">
      <source>Azure stopped with %n minute(s) left, because it starts no update in the last {min_minutes} minutes of a window. Request a longer duration.</source>
      <translation>
        <numerusform>Azure stopped with %n minute left, because it starts no update in the last {min_minutes} minutes of a window. Request a longer duration.</numerusform>
        <numerusform>Azure stopped with %n minutes left, because it starts no update in the last {min_minutes} minutes of a window. Request a longer duration.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{names} were reported as installed, and the next assessment offers them again.</source>
      <translation>
        <numerusform>{names} was reported as installed, and the next assessment offers it again.</numerusform>
        <numerusform>{names} were reported as installed, and the next assessment offers them again.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>WaveChoice</name>
    <message numerus="yes">
      <source>Stop after %n failure(s)</source>
      <translation>
        <numerusform>Stop after %n failure</numerusform>
        <numerusform>Stop after %n failures</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Waves</name>
    <message numerus="yes">
      <source>%n at a time</source>
      <translation>
        <numerusform>%n at a time</numerusform>
        <numerusform>%n at a time</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>{how}, stopping after %n failure(s).</source>
      <translation>
        <numerusform>{how}, stopping after one failure.</numerusform>
        <numerusform>{how}, stopping after %n failures.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Work</name>
    <message numerus="yes">
      <source>{doing} and %n more</source>
      <translation>
        <numerusform>{doing} and %n more</numerusform>
        <numerusform>{doing} and %n more</numerusform>
      </translation>
    </message>
  </context>
</TS>
