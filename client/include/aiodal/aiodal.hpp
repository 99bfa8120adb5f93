/*
 * aiodal/aiodal.hpp
 *		libaiodal for C++11 and later: handles that free themselves, errors as exceptions.
 *
 *		aiodal::db db("dbname=books");
 *
 *		db.transact([&](aiodal::tx tx) {
 *			for (aiodal::row row : tx.exec("SELECT id, name FROM author WHERE id > $1", {7}))
 *				std::cout << row["id"].as<int>() << " " << row["name"].as<std::string>() << "\n";
 *		});
 *
 * A thin layer of inline functions over the C headers, where ownership, threads and errors are told. Every
 * class hands out its C handle with get(), and call() turns the status of any C function into an exception:
 *
 *		aiodal::call([&](aiodal_error **err) {
 *			return aiodal_bulk_load_file(&stats, tx.get(), &options, "new.csv", err);
 *		});
 */
#ifndef AIODAL_AIODAL_HPP
#define AIODAL_AIODAL_HPP

#include <exception>
#include <limits>
#include <locale>
#include <memory>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <aiodal/aiodal.h>

namespace aiodal
{

/* What a call failed with; what() has message, DETAIL, HINT and CONTEXT. Copies share it. */
class error : public std::exception
{
  public:
	/* Takes err, which may be NULL. */
	explicit error(aiodal_status status, aiodal_error *err = nullptr)
		: status_(status), err_(err, aiodal_error_free), text_(describe(status, err))
	{
	}

	const char *what() const noexcept override
	{
		return text_->c_str();
	}

	aiodal_status status() const noexcept
	{
		return status_;
	}

	/* "" where the C function has NULL. */
	std::string sqlstate() const
	{
		return text_or_empty(aiodal_error_sqlstate(err_.get()));
	}

	std::string message() const
	{
		return aiodal_error_message(err_.get());
	}

	/* PG_DIAG_CONSTRAINT_NAME and so on. */
	std::string field(int code) const
	{
		return text_or_empty(aiodal_error_field(err_.get(), code));
	}

	const aiodal_error *get() const noexcept
	{
		return err_.get();
	}

  private:
	static std::string text_or_empty(const char *text)
	{
		return text ? text : "";
	}

	static std::shared_ptr<const std::string> describe(aiodal_status status, const aiodal_error *err)
	{
		size_t length = aiodal_error_describe(err, nullptr, 0);
		std::vector<char> text(length + 1);

		if (length == 0)
			return std::make_shared<const std::string>(aiodal_status_name(status));
		aiodal_error_describe(err, text.data(), text.size());
		return std::make_shared<const std::string>(text.data());
	}

	aiodal_status status_;
	std::shared_ptr<aiodal_error> err_;
	std::shared_ptr<const std::string> text_;
};

/* Calls f(&err), which returns a status; throws error when that is negative. */
template <class F>
aiodal_status
call(F f)
{
	aiodal_error *err = nullptr;
	aiodal_status status = f(&err);

	if (status < 0)
		throw error(status, err);
	return status;
}

namespace detail
{

/* Something of the caller's that makes no sense. */
[[noreturn]] inline void
refuse(const std::string &message)
{
	aiodal_error *err = nullptr;

	aiodal_error_set(&err, AIODAL_EINVAL, message.c_str(), nullptr, nullptr);
	throw error(AIODAL_EINVAL, err);
}

/* Text that C sees the end of where C++ does. */
inline const std::string &
whole(const std::string &text)
{
	if (text.find('\0') != std::string::npos)
		refuse("neither SQL nor a parameter can have a NUL character in it");
	return text;
}

} /* namespace detail */

/* A value for $1, $2 ...: text, a number, a bool, or nullptr for NULL. */
class param
{
  public:
	param(std::nullptr_t) : null_(true)
	{
	}

	param(const char *text) : text_(text ? text : ""), null_(!text)
	{
	}

	param(const std::string &text) : text_(detail::whole(text)), null_(false)
	{
	}

	param(char c) : param(std::string(1, c))
	{
	}

	/* a template, for pointers must not become true */
	template <class T, typename std::enable_if<std::is_same<T, bool>::value, int>::type = 0>
	param(T value) : text_(value ? "true" : "false"), null_(false)
	{
	}

	template <class T, typename std::enable_if<std::is_integral<T>::value && !std::is_same<T, bool>::value,
											   int>::type = 0>
	param(T value) : text_(std::to_string(value)), null_(false)
	{
	}

	/* Every digit it has, whatever the locale. */
	template <class T, typename std::enable_if<std::is_floating_point<T>::value, int>::type = 0>
	param(T value) : null_(false)
	{
		std::ostringstream out;

		out.imbue(std::locale::classic());
		out.precision(std::numeric_limits<T>::max_digits10);
		out << value;
		text_ = out.str();
	}

	const char *get() const noexcept
	{
		return null_ ? nullptr : text_.c_str();
	}

  private:
	std::string text_;
	bool null_;
};

/* A value of a row. Borrowed from the result. */
class value
{
  public:
	value(const aiodal_result *res, int row, int column) : res_(res), row_(row), column_(column)
	{
	}

	bool is_null() const noexcept
	{
		return aiodal_result_is_null(res_, row_, column_);
	}

	/* As the server wrote it; NULL for NULL. */
	const char *c_str() const noexcept
	{
		return aiodal_result_value(res_, row_, column_);
	}

	size_t size() const noexcept
	{
		return aiodal_result_length(res_, row_, column_);
	}

	/* std::string, bool, integers, floating point. Throws for NULL, and for what is no such value or out of
	 * its range. */
	template <class T> T as() const
	{
		if (is_null())
			detail::refuse(std::string("column \"") + name() + "\" is NULL");
		return convert(static_cast<T *>(nullptr));
	}

	template <class T> T as_or(T if_null) const
	{
		return is_null() ? if_null : as<T>();
	}

  private:
	const char *name() const
	{
		const char *name = aiodal_result_name(res_, column_);

		return name ? name : "?";
	}

	[[noreturn]] void refuse(const char *wanted) const
	{
		detail::refuse(std::string("column \"") + name() + "\" is no " + wanted + ": \"" + c_str() + "\"");
	}

	std::string convert(std::string *) const
	{
		return std::string(c_str(), size());
	}

	bool convert(bool *) const
	{
		if (size() != 1 || (*c_str() != 't' && *c_str() != 'f'))
			refuse("bool");
		return *c_str() == 't';
	}

	template <class T> T convert(T *) const
	{
		static_assert(std::is_arithmetic<T>::value && sizeof(T) > 1,
					  "a value can be had as std::string, bool, an integer or a floating point number");
		T number = T();
		std::istringstream in(c_str());

		if (std::is_floating_point<T>::value && special(number))
			return number;
		in.imbue(std::locale::classic());
		in >> std::noskipws >> number;
		/* a negative number is read into an unsigned type without complaint */
		if (in.fail() || in.peek() != std::istringstream::traits_type::eof() ||
			(std::is_unsigned<T>::value && *c_str() == '-'))
			refuse(std::is_integral<T>::value ? "integer in range" : "number in range");
		return number;
	}

	template <class T> bool special(T &number) const
	{
		std::string text(c_str());

		if (text == "NaN")
			number = std::numeric_limits<T>::quiet_NaN();
		else if (text == "Infinity")
			number = std::numeric_limits<T>::infinity();
		else if (text == "-Infinity")
			number = static_cast<T>(-std::numeric_limits<T>::infinity());
		else
			return false;
		return true;
	}

	const aiodal_result *res_;
	int row_;
	int column_;
};

/* Borrowed from the result. */
class row
{
  public:
	row(const aiodal_result *res, int number) : res_(res), number_(number)
	{
	}

	value operator[](int column) const
	{
		if (column < 0 || column >= aiodal_result_columns(res_))
			detail::refuse("there is no column " + std::to_string(column) + " in the result");
		return value(res_, number_, column);
	}

	value operator[](const char *name) const
	{
		int column = aiodal_result_column(res_, name);

		if (column < 0)
			detail::refuse(std::string("there is no column \"") + name + "\" in the result");
		return value(res_, number_, column);
	}

	value operator[](const std::string &name) const
	{
		return (*this)[name.c_str()];
	}

  private:
	const aiodal_result *res_;
	int number_;
};

/* Rows; see aiodal/result.h. */
class result
{
  public:
	/* Takes res. */
	explicit result(aiodal_result *res) : res_(res, aiodal_result_free)
	{
	}

	int rows() const noexcept
	{
		return aiodal_result_rows(get());
	}

	int columns() const noexcept
	{
		return aiodal_result_columns(get());
	}

	int64_t affected() const noexcept
	{
		return aiodal_result_affected(get());
	}

	row operator[](int number) const
	{
		if (number < 0 || number >= rows())
			detail::refuse("there is no row " + std::to_string(number) + " in the result");
		return row(get(), number);
	}

	class iterator
	{
	  public:
		iterator(const aiodal_result *res, int number) : res_(res), number_(number)
		{
		}

		row operator*() const
		{
			return row(res_, number_);
		}

		iterator &operator++()
		{
			number_++;
			return *this;
		}

		bool operator!=(const iterator &other) const
		{
			return number_ != other.number_;
		}

	  private:
		const aiodal_result *res_;
		int number_;
	};

	iterator begin() const
	{
		return iterator(get(), 0);
	}

	iterator end() const
	{
		return iterator(get(), rows());
	}

	const aiodal_result *get() const noexcept
	{
		return res_.get();
	}

  private:
	std::unique_ptr<aiodal_result, void (*)(aiodal_result *)> res_;
};

class tx;

namespace detail
{

/* A C++ function on its way through C, which no exception may cross: it waits here for the other side. */
template <class F> struct passage
{
	explicit passage(F &f) : function(f), thrown_status(AIODAL_OK)
	{
	}

	static aiodal_status run(aiodal_tx *handle, void *payload, aiodal_error **err);

	/* After the C function has returned. */
	void arrive(aiodal_status status, aiodal_error *err)
	{
		if (status >= 0)
			return;
		error e(status, err);
		/* or it was an earlier attempt's */
		if (thrown && status == thrown_status)
			std::rethrow_exception(thrown);
		throw e;
	}

	aiodal_status depart(aiodal_status status)
	{
		thrown = std::current_exception();
		thrown_status = status;
		return status;
	}

	F &function;
	std::exception_ptr thrown;
	aiodal_status thrown_status;
};

} /* namespace detail */

/* A transaction that somebody else owns. Copies are the same transaction. */
class tx
{
  public:
	explicit tx(aiodal_tx *handle) : handle_(handle)
	{
	}

	/* The params stand for $1, $2 ...: tx.exec(sql, {1, "two", nullptr}). */
	result exec(const std::string &sql, const std::vector<param> &params = {})
	{
		std::vector<const char *> texts;
		aiodal_result *res = nullptr;

		for (const param &p : params)
			texts.push_back(p.get());
		call(
			[&](aiodal_error **err) {
				return aiodal_tx_exec(&res, handle_, detail::whole(sql).c_str(), texts.size(), texts.data(),
									  err);
			});
		return result(res);
	}

	/* Statements separated by semicolons. */
	void script(const std::string &sql)
	{
		call([&](aiodal_error **err)
			 { return aiodal_tx_exec_script(handle_, detail::whole(sql).c_str(), err); });
	}

	void commit()
	{
		call([&](aiodal_error **err) { return aiodal_tx_commit(handle_, err); });
	}

	void rollback()
	{
		call([&](aiodal_error **err) { return aiodal_tx_rollback(handle_, err); });
	}

	/*
	 * Runs f(tx) as a part that can fail by itself: what it throws undoes that part alone and comes out here.
	 * See aiodal_tx_nested().
	 */
	template <class F> void nested(F f)
	{
		detail::passage<F> passage(f);
		aiodal_error *err = nullptr;
		aiodal_status status = aiodal_tx_nested(handle_, passage.run, &passage, &err);

		passage.arrive(status, err);
	}

	aiodal_tx_state state() const noexcept
	{
		return aiodal_tx_get_state(handle_);
	}

	aiodal_tx *get() const noexcept
	{
		return handle_;
	}

  protected:
	aiodal_tx *handle_;
};

/* A transaction of one's own: rolled back unless it was committed. */
class transaction : public tx
{
  public:
	/* Takes handle. */
	explicit transaction(aiodal_tx *handle) : tx(handle)
	{
	}

	transaction(const transaction &) = delete;
	transaction &operator=(const transaction &) = delete;

	transaction(transaction &&other) noexcept : tx(other.handle_)
	{
		other.handle_ = nullptr;
	}

	transaction &operator=(transaction &&other) noexcept
	{
		if (this != &other)
			aiodal_tx_free(handle_);
		handle_ = other.handle_;
		if (this != &other)
			other.handle_ = nullptr;
		return *this;
	}

	~transaction()
	{
		aiodal_tx_free(handle_);
	}
};

template <class F>
aiodal_status
detail::passage<F>::run(aiodal_tx *handle, void *payload, aiodal_error **err)
{
	passage *self = static_cast<passage *>(payload);

	(void) err; /* the exception says more */
	self->thrown = nullptr;
	try
	{
		self->function(tx(handle));
		return AIODAL_OK;
	}
	catch (const error &e)
	{
		return self->depart(e.status() < 0 ? e.status() : AIODAL_ECALLBACK);
	}
	catch (...)
	{
		return self->depart(AIODAL_ECALLBACK);
	}
}

/* See aiodal/db.h. Closed at the end of its scope; may be moved, and used by many threads. */
class db
{
  public:
	explicit db(const std::string &conninfo = "", const aiodal_db_options *options = nullptr)
		: handle_(open(conninfo, options), aiodal_db_close)
	{
	}

	transaction begin(const aiodal_tx_options *options = nullptr)
	{
		aiodal_tx *handle = nullptr;

		call([&](aiodal_error **err) { return aiodal_tx_begin(&handle, get(), options, err); });
		return transaction(handle);
	}

	/*
	 * Runs f(tx) in a transaction of its own and commits. What it throws rolls back and comes out here,
	 * unless it is an error with the status AIODAL_ERETRY: then f runs again. See aiodal_db_transact().
	 */
	template <class F> void transact(F f, const aiodal_tx_options *options = nullptr)
	{
		detail::passage<F> passage(f);
		aiodal_error *err = nullptr;
		aiodal_status status = aiodal_db_transact(get(), options, passage.run, &passage, &err);

		passage.arrive(status, err);
	}

	/* The current snapshot; NULL before the first reflection. */
	std::shared_ptr<const aiodal_schema> schema() const
	{
		return std::shared_ptr<aiodal_schema>(aiodal_db_schema(get()), aiodal_schema_unref);
	}

	void reflect()
	{
		call([&](aiodal_error **err) { return aiodal_db_reflect(get(), err); });
	}

	void ping()
	{
		call([&](aiodal_error **err) { return aiodal_db_ping(get(), err); });
	}

	aiodal_db *get() const noexcept
	{
		return handle_.get();
	}

  private:
	static aiodal_db *open(const std::string &conninfo, const aiodal_db_options *options)
	{
		aiodal_db *handle = nullptr;

		call([&](aiodal_error **err) { return aiodal_db_open(&handle, conninfo.c_str(), options, err); });
		return handle;
	}

	std::unique_ptr<aiodal_db, void (*)(aiodal_db *)> handle_;
};

} /* namespace aiodal */

#endif /* AIODAL_AIODAL_HPP */
