package messagequeue

import (
	"net/http"
	"strconv"
)

// deadLettersARN is the ARN that the queue gives itself as a queue of dead letters.
const deadLettersARN = "arn:aws:sqs:us-east-1:111122223333:dead-letters"

// Bury makes messages dead letters. isMoving says that SQS is at moving them back already.
func (q *Queue) Bury(isMoving bool, messages ...string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dead, q.isMoving = append(q.dead, messages...), isMoving
}

// redrive answers the calls about dead letters. StartMessageMoveTask moves all of them at once.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
func (q *Queue) redrive(w http.ResponseWriter, operation string) {
	type task struct{ Status, SourceArn string }
	switch operation {
	case "GetQueueAttributes":
		answer(w, http.StatusOK, map[string]any{"Attributes": map[string]string{
			"QueueArn": deadLettersARN, "ApproximateNumberOfMessages": strconv.Itoa(len(q.dead)),
		}})
	case "ListMessageMoveTasks":
		tasks := []task{{"COMPLETED", deadLettersARN}}
		if q.isMoving {
			tasks = []task{{"RUNNING", deadLettersARN}}
		}
		answer(w, http.StatusOK, map[string]any{"Results": tasks})
	case "StartMessageMoveTask":
		if q.isMoving {
			refuse(w, http.StatusBadRequest, "UnsupportedOperation") // one task at a time
			return
		}
		q.messages, q.dead = append(q.messages, q.dead...), nil
		answer(w, http.StatusOK, map[string]string{"TaskHandle": "task"})
	default:
		refuse(w, http.StatusBadRequest, "UnsupportedOperation")
	}
}
