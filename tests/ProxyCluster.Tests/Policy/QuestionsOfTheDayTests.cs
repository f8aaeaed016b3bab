using System.Globalization;
using ProxyCluster.Policy;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Policy;

/// <summary>What was asked in a day: counted, bounded and forgotten.</summary>
public sealed class QuestionsOfTheDayTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Note_TheSameQuestionOfADay_IsOneAndCounted()
    {
        var questions = new QuestionsOfTheDay(_clock);
        questions.Note(Of("v1.0.0"));
        _clock.Advance(TimeSpan.FromHours(13));
        questions.Note(Of("v1.0.0"));
        questions.Note(Of("v1.1.0"));
        Assert.Equal([("v1.0.0", 2L), ("v1.1.0", 1L)], questions.All().Select(static one => (one.Question.Version!, one.Times)).Order());

        _clock.Advance(TimeSpan.FromHours(13));
        questions.Note(Of("v1.2.0"));
        Assert.Equal(["v1.0.0", "v1.1.0", "v1.2.0"], questions.All().Select(static one => one.Question.Version).Order());
        Assert.Equal(1, questions.All().Single(static one => one.Question.Version == "v1.0.0").Times);
        Assert.Equal(_clock.GetUtcNow() - TimeSpan.FromHours(13), questions.Since);

        _clock.Advance(TimeSpan.FromDays(3));
        questions.Note(Of("v1.3.0"));
        Assert.Equal("v1.3.0", Assert.Single(questions.All()).Question.Version);
    }

    [Fact]
    public void Note_MoreThanFits_ForgetsTheOlderHalf()
    {
        var questions = new QuestionsOfTheDay(_clock);
        for (var i = 0; i < (2 * QuestionsOfTheDay.MaxOfHalf) + 10; i++)
            questions.Note(Of(string.Create(CultureInfo.InvariantCulture, $"v1.0.{i}")));
        var all = questions.All();
        Assert.Equal(QuestionsOfTheDay.MaxOfHalf + 10, all.Length);
        Assert.DoesNotContain(all, static one => one.Question.Version == "v1.0.0");
    }

    private static PolicyQuestion Of(string version) => PolicyDecisionTests.Question("example.com/m", version);
}
