// Answers questions about processes by gopsutil, and says what each call took.
//
// A line of JSON in, {"question", "pid", "name", "calls"}; a line of JSON out, {"found", "wall",
// "cpu"}: the PIDs and names that the last call found, and nanoseconds for each call. With the
// argument "story", a PID is looked for in the list of all processes. With the argument "agent", one
// line {"name", "period", "guarded"} in, and lines {"ticks", "answered", "skipped"} out.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/process"
)

type question struct {
	Question string
	Pid      int32
	Name     string
	Calls    int
}

type answer struct {
	Found [][2]interface{} `json:"found"`
	Wall  []int64          `json:"wall"`
	Cpu   []int64          `json:"cpu"`
}

type schedule struct {
	Name    string
	Period  int64
	Guarded bool
}

type tally struct {
	Ticks    int `json:"ticks"`
	Answered int `json:"answered"`
	Skipped  int `json:"skipped"`
}

type row struct {
	pid  int32
	name string
}

type visitor func(p *process.Process) (r row, isFound bool, isEnough bool)

func main() {
	isStory := len(os.Args) > 1 && os.Args[1] == "story"
	lines := bufio.NewScanner(os.Stdin)
	if len(os.Args) > 1 && os.Args[1] == "agent" {
		var asked schedule
		if lines.Scan() && json.Unmarshal(lines.Bytes(), &asked) == nil {
			go lookOnSchedule(asked)
		}
		lines.Scan() // until the input ends
		return
	}
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		if err := answers.Encode(measure(asked, isStory)); err != nil {
			log.Fatal(err)
		}
	}
}

// A goroutine per lookup; a guard skips a tick while one goes on.
func lookOnSchedule(asked schedule) {
	var count tally
	var telling sync.Mutex
	lines := json.NewEncoder(os.Stdout)
	tell := func(change func(*tally)) {
		telling.Lock()
		defer telling.Unlock()
		change(&count)
		lines.Encode(count)
	}
	for range time.Tick(time.Duration(asked.Period) * time.Millisecond) {
		isBusy := false
		tell(func(t *tally) {
			isBusy = t.Ticks > t.Answered+t.Skipped
			t.Ticks++
			if asked.Guarded && isBusy {
				t.Skipped++
			}
		})
		if asked.Guarded && isBusy {
			continue
		}
		go func() {
			search(matchName(asked.Name, false))
			tell(func(t *tally) { t.Answered++ })
		}()
	}
}

func measure(asked question, isStory bool) answer {
	result := answer{Found: [][2]interface{}{}, Wall: []int64{}, Cpu: []int64{}}
	var found []row
	for i := 0; i < asked.Calls; i++ {
		cpuBefore, before := cpuTime(), time.Now()
		found = ask(asked, isStory)
		result.Wall = append(result.Wall, time.Since(before).Nanoseconds())
		result.Cpu = append(result.Cpu, cpuTime()-cpuBefore)
	}
	for _, r := range found {
		result.Found = append(result.Found, [2]interface{}{r.pid, r.name})
	}
	return result
}

func ask(asked question, isStory bool) []row {
	switch asked.Question {
	case "pid":
		if isStory {
			return search(matchPid(asked.Pid))
		}
		return lookUp(asked.Pid)
	case "name-absent":
		return search(matchName(asked.Name, false))
	case "name-long":
		return search(matchScript(asked.Name))
	case "name-first":
		return search(matchName(asked.Name, true))
	case "all-names":
		return search(readName)
	case "all-default":
		return search(readDefault)
	case "all-fields":
		return search(readAll)
	}
	log.Fatal("no such question: ", asked.Question)
	return nil
}

func lookUp(pid int32) []row {
	p, err := process.NewProcess(pid)
	if err != nil {
		return nil
	}
	if r, isFound, _ := readDefault(p); isFound {
		return []row{r}
	}
	return nil
}

func search(visit visitor) []row {
	processes, err := process.Processes()
	if err != nil {
		log.Fatal(err)
	}
	var rows []row
	for _, p := range processes {
		r, isFound, isEnough := visit(p)
		if isFound {
			rows = append(rows, r)
		}
		if isEnough {
			break
		}
	}
	return rows
}

func matchPid(pid int32) visitor {
	return func(p *process.Process) (row, bool, bool) {
		if p.Pid != pid {
			return row{}, false, false
		}
		r, isFound, _ := readName(p)
		return r, isFound, true
	}
}

func matchName(name string, isFirstEnough bool) visitor {
	return func(p *process.Process) (row, bool, bool) {
		r, isFound, _ := readName(p)
		isFound = isFound && r.name == name
		return r, isFound, isFound && isFirstEnough
	}
}

// By the first two arguments: a script's name stands behind that of its interpreter.
func matchScript(name string) visitor {
	return func(p *process.Process) (row, bool, bool) {
		arguments, err := p.CmdlineSlice()
		for i := 0; err == nil && i < len(arguments) && i < 2; i++ {
			if filepath.Base(arguments[i]) == name {
				return row{p.Pid, name}, true, false
			}
		}
		return row{}, false, false
	}
}

// A process that vanishes meanwhile is left out.
func readName(p *process.Process) (row, bool, bool) {
	name, err := p.Name()
	return row{p.Pid, name}, err == nil, false
}

func readDefault(p *process.Process) (row, bool, bool) {
	p.Ppid()
	p.Status()
	p.CreateTime()
	return readName(p)
}

func readAll(p *process.Process) (row, bool, bool) {
	p.Exe()
	p.CmdlineSlice()
	p.Cwd()
	p.Environ()
	p.Uids()
	p.Gids()
	p.Username()
	p.Terminal()
	p.Nice()
	p.NumThreads()
	p.Times()
	p.MemoryInfo()
	p.IOCounters()
	p.NumFDs()
	return readDefault(p)
}

// Nanoseconds, of the children that have ended too.
func cpuTime() int64 {
	var sum int64
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		if err := syscall.Getrusage(who, &usage); err != nil {
			log.Fatal(err)
		}
		sum += usage.Utime.Nano() + usage.Stime.Nano()
	}
	return sum
}
