using System.Text;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Tests.Names;

public sealed class VersionInfoTests
{
    private const string Time = "2020-01-02T03:04:05Z";

    [Theory]
    [InlineData(Time, "2020-01-02T03:04:05Z")]
    [InlineData("2020-01-02T03:04:05.123456789Z", "2020-01-02T03:04:05.1234567Z")]
    [InlineData("2020-01-02T03:04:05+02:00", "2020-01-02T01:04:05Z")]
    [InlineData("2020-02-29T23:59:59-23:59", "2020-03-01T23:58:59Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.9999999Z")]
    public void Time_InRfc3339_IsRead(string text, string expected)
    {
        Assert.True(VersionInfo.TryParse(Body($"\"{text}\""), out var info, out var error), error);
        Assert.Equal(DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture), info.Time);
    }

    [Theory]
    [InlineData("\"2020-01-02\"")]
    [InlineData("\"2020-01-02 03:04:05Z\"")]
    [InlineData("\"2020-01-02t03:04:05z\"")]
    [InlineData("\"2020-01-02T03:04:05\"")]
    [InlineData("\"2020-01-02T03:04Z\"")]
    [InlineData("\"2020-01-02T3:04:05Z\"")]
    [InlineData("\"2020-01-02T03:04:05,5Z\"")]
    [InlineData("\"2020-01-02T03:04:05.Z\"")]
    [InlineData("\"2020-01-02T03:04:05+0200\"")]
    [InlineData("\"2020-01-02T03:04:05+24:00\"")]
    [InlineData("\"2020-01-02T03:04:60Z\"")]
    [InlineData("\"2020-01-02T24:00:00Z\"")]
    [InlineData("\"2021-02-29T00:00:00Z\"")]
    [InlineData("\"2020-13-01T00:00:00Z\"")]
    [InlineData("\"Thu, 02 Jan 2020 03:04:05 GMT\"")]
    [InlineData("\"01/02/2020\"")]
    [InlineData("\"2020-01-02T03:04:05Z \"")]
    [InlineData("\"2020\\u002d01-02T03:04:05Z\"")]
    [InlineData("\"\"")]
    [InlineData("1577934245")]
    [InlineData("{}")]
    public void Time_InAnyOtherForm_IsAnError(string json)
    {
        Assert.False(VersionInfo.TryParse(Body(json), out _, out var error));
        Assert.Contains("RFC 3339", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"Version":"v1.0.0"}""")]
    [InlineData("""{"Version":"v1.0.0","Time":null,"Origin":null}""")]
    [InlineData("""{"version":"v1.0.0","Extra":[{"deep":[1,2,{}]}],"Name":1,"Short":{}}""")]
    [InlineData("""{"Version":"v1.0.0","Origin":{"VCS":"git","URL":"https://a","Hash":"ab","Ref":null,"New":1}}""")]
    [InlineData("""{"Version":"v9.9.9","Version":"v1.0.0","Version":null}""")]
    public void Body_ThatGoReads_IsRead(string json)
    {
        Assert.True(VersionInfo.TryParse(Encoding.UTF8.GetBytes(json), out var info, out var error), error);
        Assert.Equal("v1.0.0", info.Version);
    }

    [Theory]
    [InlineData("""{"Version":1}""")]
    [InlineData("""{"Version":"v1.0.0","Origin":"git"}""")]
    [InlineData("""{"Version":"v1.0.0","Origin":[]}""")]
    [InlineData("""{"Version":"v1.0.0","Origin":{"URL":1}}""")]
    [InlineData("""{"Version":"v1.0.0","origin":{"hash":["ab"]}}""")]
    [InlineData("""{"Version":"v1.0.0"}x""")]
    [InlineData("""{"Version":null}""")]
    [InlineData("""["v1.0.0"]""")]
    [InlineData("null")]
    public void Body_ThatGoRefuses_IsAnError(string json) =>
        Assert.False(VersionInfo.TryParse(Encoding.UTF8.GetBytes(json), out _, out _));

    private static byte[] Body(string time) => Encoding.UTF8.GetBytes($$"""{"Version":"v1.0.0","Time":{{time}}}""");
}
