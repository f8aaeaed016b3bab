using System.Globalization;
using System.Text;
using CsCheck;
using ProxyCluster.Fuzzing;
using ProxyCluster.GoModules;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Fuzz;

/// <summary>
/// What parses strangers' bytes, given sound inputs that are changed at random, a second each, and the inputs that fuzzing by
/// coverage kept. By hand PROXYCLUSTER_TESTS_FUZZ=600 has each run for so many seconds. A failure names the seed that brings
/// it again.
/// </summary>
public sealed class ParserFuzzTests
{
    private static readonly int Seconds =
        int.TryParse(Environment.GetEnvironmentVariable("PROXYCLUSTER_TESTS_FUZZ"), CultureInfo.InvariantCulture, out var seconds) ? seconds : 1;

    private static readonly string Corpus = Path.Combine(Repository.Root, "tests", "ProxyCluster.Fuzzing", "corpus");

    public static TheoryData<string> Targets => [.. FuzzTarget.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Input_ThatIsChangedAtRandom_IsRefusedOrMeansWhatItSays(string name)
    {
        var tried = 0L;
        using var target = FuzzTarget.Make(name);
        Mutations.Of(target.Sound, FuzzWords.All).Sample(
            bytes =>
            {
                tried++;
                return target.Holds(bytes);
            },
            time: Seconds,
            threads: 1,
            print: static bytes => $"{Convert.ToHexString(bytes)} ({Encoding.Latin1.GetString(bytes)})");
        TestContext.Current.SendDiagnosticMessage("{0}: {1} inputs in {2} s", name, tried, Seconds);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Input_ThatWasKept_IsRefusedOrMeansWhatItSays(string name)
    {
        var kept = Directory.GetFiles(Path.Combine(Corpus, name));
        Assert.NotEmpty(kept);
        using var target = FuzzTarget.Make(name);
        Assert.All(kept, file =>
        {
            var bytes = File.ReadAllBytes(file);
            Assert.StartsWith(Path.GetFileName(file), Digest.Of(bytes).ToHex(), StringComparison.Ordinal);
            Assert.True(target.Holds(bytes));
        });
    }

    [Fact]
    public void Corpus_OfNothingThatIsATarget_IsNotThere() =>
        Assert.Empty(Directory.GetDirectories(Corpus).Select(static directory => Path.GetFileName(directory)).Except(FuzzTarget.Names));
}
